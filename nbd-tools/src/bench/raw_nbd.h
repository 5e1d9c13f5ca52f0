/* What raw_load.c and raw_scale.c share: failing, options, time, and as much of NBD as a client needs to move bytes. */
#ifndef RAW_NBD_H
#define RAW_NBD_H

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void __attribute__ ((noreturn, format (printf, 1, 2)))
fail (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  /* Never unlocked: of several threads that fail, as when the server ends, one says so and exits. */
  flockfile (stderr);
  fprintf (stderr, "%s: ", program_invocation_short_name);
  vfprintf (stderr, format, arguments);
  fprintf (stderr, "\n");
  va_end (arguments);
  exit (EXIT_FAILURE);
}

static void
check (bool holds, const char *what)
{
  if (!holds)
    fail ("%s: %s", what, strerror (errno));
}

/* The wire */

#define IHAVEOPT UINT64_C (0x49484156454F5054)
#define OPT_EXPORT_NAME 1
#define OPT_STRUCTURED_REPLY 8
#define REP_ACK 1
#define REQUEST_MAGIC 0x25609513
#define SIMPLE_REPLY_MAGIC 0x67446698
#define CMD_READ 0
#define CMD_WRITE 1
#define CMD_DISC 2

struct __attribute__ ((packed)) option_request {
  uint64_t magic;
  uint32_t option, length;
};

struct __attribute__ ((packed)) option_reply {
  uint64_t magic;
  uint32_t option, type, length;
};

struct __attribute__ ((packed)) request {
  uint32_t magic;
  uint16_t flags, type;
  uint64_t cookie, offset;
  uint32_t length;
};

struct __attribute__ ((packed)) simple_reply {
  uint32_t magic, error;
  uint64_t cookie;
};

#define SIMPLE_REPLY sizeof (struct simple_reply)
#define DATA_CHUNK (20 + 8)

static struct request
make_request (uint16_t type, uint64_t cookie, uint64_t offset, uint32_t length)
{
  return (struct request) {
    htobe32 (REQUEST_MAGIC), 0, htobe16 (type), htobe64 (cookie), htobe64 (offset), htobe32 (length)
  };
}

/* Options */

static double
parse_number (const char *option, const char *text, double min, double max)
{
  char *end;
  double value;

  errno = 0;
  value = strtod (text, &end);
  if (errno != 0 || end == text || *end != '\0' || !(value >= min && value <= max))
    fail ("--%s: not a number from %g to %g: %s", option, min, max, text);
  return value;
}

static uint64_t
parse_size (const char *text)
{
  char *end;
  unsigned long long value;
  unsigned shift = 0;

  errno = 0;
  value = strtoull (text, &end, 10);
  switch (*end) {
  case 'k': shift = 10; ++end; break;
  case 'm': shift = 20; ++end; break;
  }
  if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9' || value == 0 || value > (1u << 25) >> shift)
    fail ("--bs: not a size up to 32m: %s", text);
  return (uint64_t) value << shift;
}

/* Time and chance */

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

/* Of all threads together. */
static double
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

#define RANDOM_SEED UINT64_C (88172645463325252)

static uint64_t
next_random (uint64_t *state)
{
  /* xorshift64* */
  *state ^= *state >> 12;
  *state ^= *state << 25;
  *state ^= *state >> 27;
  return *state * 0x2545f4914f6cdd1dull;
}

/* Connections, while their descriptors still block */

static void
send_all (int out, const void *data, size_t length)
{
  const char *from = data;

  while (length > 0) {
    ssize_t n = write (out, from, length);

    check (n > 0, "write");
    from += n;
    length -= n;
  }
}

static void
receive_all (int in, void *data, size_t length)
{
  char *to = data;

  while (length > 0) {
    ssize_t n = read (in, to, length);

    if (n == 0)
      fail ("the server closed the connection");
    check (n > 0, "read");
    to += n;
    length -= n;
  }
}

/* With a timeout of 0 seconds it waits for ever if the server accepts nothing. */
static int
connect_unix (const char *path, unsigned timeout)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  const struct timeval limit = { .tv_sec = timeout };
  int fd;

  if (strlen (path) >= sizeof address.sun_path)
    fail ("the socket's path is too long");
  strcpy (address.sun_path, path);
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check (fd != -1, "socket");
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect (fd, (struct sockaddr *) &address, sizeof address) == -1)
    fail ("connect: %s", errno == EAGAIN ? "the server accepts no more connections" : strerror (errno));
  return fd;
}

/* Fixed newstyle; what follows is options. */
static void
greet (int in, int out)
{
  struct __attribute__ ((packed)) { uint64_t magic, option_magic; uint16_t flags; } greeting;
  const uint32_t client_flags = htobe32 (3);

  receive_all (in, &greeting, sizeof greeting);
  if (be64toh (greeting.option_magic) != IHAVEOPT || (be16toh (greeting.flags) & 3) != 3)
    fail ("the server is not fixed newstyle without zeroes");
  send_all (out, &client_flags, sizeof client_flags);
}

/* Ends the options with the default export, and returns how many blocks it has. */
static uint64_t
open_export (int in, int out, uint64_t block_size)
{
  struct __attribute__ ((packed)) { uint64_t size; uint16_t flags; } export;
  const struct option_request name = { htobe64 (IHAVEOPT), htobe32 (OPT_EXPORT_NAME), 0 };

  send_all (out, &name, sizeof name);
  receive_all (in, &export, sizeof export);
  if (be64toh (export.size) < block_size)
    fail ("the export is smaller than a block");
  return be64toh (export.size) / block_size;
}

#endif
