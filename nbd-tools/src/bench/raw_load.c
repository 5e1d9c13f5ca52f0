/*
 * A client that does nothing but move bytes: about what the kernel and the server leave to any client.
 *
 *   cc -O2 -Wall -Wextra -o raw_load raw_load.c
 *   raw_load [OPTION]... UNIX-SOCKET | HOST:PORT
 *   raw_load [OPTION]... '[' COMMAND [ARG]... ']'
 *   raw_load [OPTION]... --pipe
 *
 * It keeps iodepth requests in flight, and counts the bytes that come back: it looks at no reply, so it does not know
 * whether one is an error, and it needs a server that answers each request with a known number of bytes, as nbdkit
 * does.  Requests are made in batches with one system call each, and so are answers received.  With --pipe there is no
 * NBD at all: a child writes blocks into a pipe of the kernel's default size, and they are read.
 *
 * The options have the names and defaults that they have in `nbd load`, and so have the members of the JSON object on
 * stdout.  Latency is not measured.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "raw_nbd.h"

/* As much as a client would receive at once without a destination for it. */
#define RECEIVE_AT_ONCE (1u << 20)
/* Of the memory that payload is received into, so that it is not always the same page of the cache. */
#define MIN_DESTINATION (1u << 18)
#define FILL_AT_ONCE (1u << 20)

/* Options and target */

enum wire { SOCKETPAIR, PIPES, UNIX, TCP, PLAIN_PIPE };

static const char *wire_names[] = { "socketpair", "pipe", "unix", "tcp", "pipe" };

struct options {
  bool write, random, fill;
  uint64_t block_size;
  unsigned iodepth;
  double runtime, warmup;
  enum wire wire;
  char *address;                /* or: */
  char **command;
};

/* Cuts `[ COMMAND ARG... ]` out of argv, wherever it stands, since the command has options of its own. */
static void
take_command (struct options *options, int *argc, char **argv)
{
  int from, to;

  for (from = 1; from < *argc && strcmp (argv[from], "[") != 0; ++from)
    ;
  if (from == *argc)
    return;
  for (to = from + 1; to < *argc && strcmp (argv[to], "]") != 0; ++to)
    ;
  if (to == *argc || to == from + 1)
    fail ("no command between [ and ]");
  options->command = calloc (to - from, sizeof *options->command);
  check (options->command != NULL, "memory");
  memcpy (options->command, &argv[from + 1], (to - from - 1) * sizeof *argv);
  memmove (&argv[from], &argv[to + 1], (*argc - to) * sizeof *argv);
  *argc -= to - from + 1;
}

static void
parse_rw (struct options *options, const char *text)
{
  options->random = strncmp (text, "rand", 4) == 0;
  text += options->random ? 4 : 0;
  options->write = strcmp (text, "write") == 0;
  if (!options->write && strcmp (text, "read") != 0)
    fail ("--rw: not read, write, randread or randwrite");
}

static struct options
parse_options (int argc, char **argv)
{
  static const struct option names[] = {
    { "rw", required_argument, NULL, 'r' },
    { "bs", required_argument, NULL, 'b' },
    { "iodepth", required_argument, NULL, 'd' },
    { "runtime", required_argument, NULL, 't' },
    { "warmup", required_argument, NULL, 'w' },
    { "fill", no_argument, NULL, 'f' },
    { "subprocess-transport", required_argument, NULL, 's' },
    { "pipe", no_argument, NULL, 'p' },
    { "json", no_argument, NULL, 'j' },
    { 0 }
  };
  struct options options = {
    .random = true, .block_size = 4096, .iodepth = 64, .runtime = 10, .warmup = 3, .wire = SOCKETPAIR
  };
  int c;

  take_command (&options, &argc, argv);
  while ((c = getopt_long (argc, argv, "", names, NULL)) != -1) {
    switch (c) {
    case 'r': parse_rw (&options, optarg); break;
    case 'b': options.block_size = parse_size (optarg); break;
    case 'd': options.iodepth = (unsigned) parse_number ("iodepth", optarg, 1, 65536); break;
    case 't': options.runtime = parse_number ("runtime", optarg, 0.01, 1e6); break;
    case 'w': options.warmup = parse_number ("warmup", optarg, 0, 1e6); break;
    case 'f': options.fill = true; break;
    case 's': options.wire = strcmp (optarg, "pipe") == 0 ? PIPES : SOCKETPAIR; break;
    case 'p': options.wire = PLAIN_PIPE; break;
    case 'j': break;            /* There is no other output. */
    default: exit (EXIT_FAILURE);
    }
  }
  if (argc - optind != (options.command == NULL && options.wire != PLAIN_PIPE))
    fail ("give one target: a Unix socket, HOST:PORT, [ COMMAND ARG... ], or --pipe");
  options.address = argv[optind];
  if (options.address != NULL)
    options.wire = strchr (options.address, '/') != NULL ? UNIX : TCP;
  return options;
}

/* The load */

struct load {
  const struct options *options;
  int in, out;
  bool structured;
  uint64_t blocks, next_block, random;
  char *requests;               /* Of one batch, with their payload. */
  size_t request_size, batch, batch_sent;
  char *destination;
  size_t destination_size, destination_used;
  uint64_t submitted, received_bytes, reply_size;
};

/* The kernel may not double what we ask for beyond its limit, which is no error. */
static void
enlarge_send_buffer (int socket, int bytes)
{
  setsockopt (socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

static void
start_child (char **command, int in, int out)
{
  const pid_t child = fork ();

  check (child != -1, "fork");
  if (child == 0) {
    dup2 (in, STDIN_FILENO);
    dup2 (out, STDOUT_FILENO);
    signal (SIGPIPE, SIG_DFL);
    execvp (command[0], command);
    _exit (127);
  }
  close (in);
  if (out != in)
    close (out);
}

static void
open_socketpair (struct load *load)
{
  int ends[2];

  check (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  enlarge_send_buffer (ends[0], 1 << 20);
  enlarge_send_buffer (ends[1], 1 << 20);
  start_child (load->options->command, ends[1], ends[1]);
  load->in = load->out = ends[0];
}

static void
open_pipes (struct load *load)
{
  int requests[2], replies[2];

  check (pipe2 (requests, O_CLOEXEC) == 0 && pipe2 (replies, O_CLOEXEC) == 0, "pipe2");
  fcntl (requests[1], F_SETPIPE_SZ, 1 << 20);
  fcntl (replies[1], F_SETPIPE_SZ, 1 << 20);
  start_child (load->options->command, requests[0], replies[1]);
  load->in = replies[0];
  load->out = requests[1];
}

static void
open_unix (struct load *load)
{
  load->in = load->out = connect_unix (load->options->address, 0);
  enlarge_send_buffer (load->in, 1 << 20);
}

static void
open_tcp (struct load *load)
{
  const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
  const int one = 1;
  char *port = strrchr (load->options->address, ':');
  struct addrinfo *found;

  if (port == NULL)
    fail ("not HOST:PORT");
  *port++ = '\0';
  if (getaddrinfo (load->options->address, port, &hints, &found) != 0)
    fail ("cannot resolve %s", load->options->address);
  load->in = load->out = socket (found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check (load->in != -1, "socket");
  check (connect (load->in, found->ai_addr, found->ai_addrlen) == 0, "connect");
  setsockopt (load->in, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  freeaddrinfo (found);
}

/* Newstyle, structured replies if the server has them, and the default export. */
static void
negotiate (struct load *load)
{
  const struct option_request structured = { htobe64 (IHAVEOPT), htobe32 (OPT_STRUCTURED_REPLY), 0 };
  struct option_reply reply;

  greet (load->in, load->out);
  send_all (load->out, &structured, sizeof structured);
  receive_all (load->in, &reply, sizeof reply);
  load->structured = be32toh (reply.type) == REP_ACK;
  for (uint32_t left = be32toh (reply.length); left > 0; --left)
    receive_all (load->in, &(char) { 0 }, 1);
  load->blocks = open_export (load->in, load->out, load->options->block_size);
}

/* Writes the whole export once, so that the server has memory to read. */
static void
fill (const struct load *load)
{
  const uint64_t size = load->blocks * load->options->block_size;
  char *data = malloc (FILL_AT_ONCE);
  char reply[SIMPLE_REPLY];

  check (data != NULL, "memory");
  memset (data, 0xa5, FILL_AT_ONCE);
  for (uint64_t at = 0; at < size; at += FILL_AT_ONCE) {
    const uint32_t length = size - at < FILL_AT_ONCE ? size - at : FILL_AT_ONCE;
    const struct request request = make_request (CMD_WRITE, at, at, length);

    send_all (load->out, &request, sizeof request);
    send_all (load->out, data, length);
    receive_all (load->in, reply, sizeof reply);
  }
  free (data);
}

static void
allocate (struct load *load)
{
  const struct options *options = load->options;

  load->request_size = sizeof (struct request) + (options->write ? options->block_size : 0);
  load->reply_size = options->write ? SIMPLE_REPLY : (load->structured ? DATA_CHUNK : SIMPLE_REPLY) + options->block_size;
  load->requests = malloc (load->request_size * options->iodepth);
  load->destination_size = options->block_size * options->iodepth;
  if (load->destination_size < MIN_DESTINATION)
    load->destination_size = MIN_DESTINATION;
  load->destination = malloc (load->destination_size);
  check (load->requests != NULL && load->destination != NULL, "memory");
  /* The first touch of each page happens here, not while it is measured. */
  memset (load->requests, 0x5a, load->request_size * options->iodepth);
  memset (load->destination, 1, load->destination_size);
  fcntl (load->in, F_SETFL, fcntl (load->in, F_GETFL) | O_NONBLOCK);
  fcntl (load->out, F_SETFL, fcntl (load->out, F_GETFL) | O_NONBLOCK);
}

static uint64_t
completed (const struct load *load)
{
  return load->received_bytes / load->reply_size;
}

static void
make_batch (struct load *load)
{
  const struct options *options = load->options;
  const unsigned free_slots = options->iodepth - (unsigned) (load->submitted - completed (load));

  for (unsigned i = 0; i < free_slots; ++i) {
    const uint64_t block = (options->random ? next_random (&load->random) : load->next_block++) % load->blocks;

    *(struct request *) (load->requests + i * load->request_size) =
      make_request (options->write ? CMD_WRITE : CMD_READ, load->submitted++, block * options->block_size,
                    options->block_size);
  }
  load->batch = free_slots * load->request_size;
  load->batch_sent = 0;
}

static void
send_some (struct load *load)
{
  const ssize_t n = write (load->out, load->requests + load->batch_sent, load->batch - load->batch_sent);

  if (n == -1 && errno != EAGAIN)
    fail ("write: %s", strerror (errno));
  if (n > 0)
    load->batch_sent += n;
}

/* Returns whether anything came. */
static bool
receive_some (struct load *load)
{
  size_t room = load->destination_size - load->destination_used;
  ssize_t n;

  if (room > RECEIVE_AT_ONCE)
    room = RECEIVE_AT_ONCE;
  n = read (load->in, load->destination + load->destination_used, room);
  if (n == 0)
    fail ("the server closed the connection");
  if (n == -1 && errno != EAGAIN)
    fail ("read: %s", strerror (errno));
  if (n == -1)
    return false;
  load->received_bytes += n;
  load->destination_used = (load->destination_used + n) % load->destination_size;
  return true;
}

static void
turn (struct load *load)
{
  struct pollfd ready[] = { { .fd = load->in, .events = POLLIN }, { .fd = load->out, .events = POLLOUT } };

  if (load->options->wire != PLAIN_PIPE) {
    if (load->batch_sent == load->batch)
      make_batch (load);
    if (load->batch_sent < load->batch)
      send_some (load);
  }
  if (!receive_some (load))
    poll (ready, load->batch_sent < load->batch ? 2 : 1, -1);
}

static void
run (struct load *load, double seconds)
{
  const double end = now () + seconds;

  while (now () < end)
    turn (load);
}

/* A child that writes blocks into a pipe of the default size, for ever. */
static void
open_plain_pipe (struct load *load)
{
  const size_t size = load->options->block_size;
  int ends[2];
  pid_t child;

  check (pipe2 (ends, O_CLOEXEC) == 0, "pipe2");
  child = fork ();
  check (child != -1, "fork");
  if (child == 0) {
    char *block = malloc (size);

    close (ends[0]);
    if (block == NULL)
      _exit (1);
    memset (block, 0x5a, size);
    while (write (ends[1], block, size) > 0)
      ;
    _exit (0);
  }
  close (ends[1]);
  load->in = load->out = ends[0];
  load->blocks = 1;
}

static void
connect_to_target (struct load *load)
{
  switch (load->options->wire) {
  case SOCKETPAIR: open_socketpair (load); break;
  case PIPES: open_pipes (load); break;
  case UNIX: open_unix (load); break;
  case TCP: open_tcp (load); break;
  case PLAIN_PIPE: open_plain_pipe (load); return;
  }
  negotiate (load);
  if (load->options->fill)
    fill (load);
}

/* Takes the answers that are owed, so that the server has no error to report, and leaves. */
static void
disconnect (struct load *load)
{
  const struct request goodbye = make_request (CMD_DISC, 0, 0, 0);

  if (load->options->wire == PLAIN_PIPE) {
    close (load->in);
    return;
  }
  while (load->batch_sent < load->batch || completed (load) < load->submitted) {
    struct pollfd ready[] = { { .fd = load->in, .events = POLLIN }, { .fd = load->out, .events = POLLOUT } };

    if (load->batch_sent < load->batch)
      send_some (load);
    if (!receive_some (load))
      poll (ready, load->batch_sent < load->batch ? 2 : 1, -1);
  }
  send_some (&(struct load) {
    .out = load->out, .requests = (char *) &goodbye, .batch = sizeof goodbye
  });
  close (load->out);
  if (load->in != load->out)
    close (load->in);
}

int
main (int argc, char **argv)
{
  static struct load load = { .random = RANDOM_SEED };
  struct options options = parse_options (argc, argv);
  uint64_t ios;
  double started, seconds, cpu;

  signal (SIGPIPE, SIG_IGN);
  load.options = &options;
  connect_to_target (&load);
  allocate (&load);
  if (options.wire == PLAIN_PIPE)
    load.reply_size = options.block_size;

  run (&load, options.warmup);
  started = now ();
  cpu = cpu_us ();
  ios = completed (&load);
  run (&load, options.runtime);
  cpu = cpu_us () - cpu;
  seconds = now () - started;
  ios = completed (&load) - ios;
  disconnect (&load);
  while (wait (NULL) > 0)
    ;
  printf ("{\"iops\":%.1f,\"bytes_per_second\":%.0f,\"cpu_us_per_io\":%.3f,\"errors\":0,\"transport\":\"%s\","
          "\"client\":\"raw\"}\n",
          ios / seconds, ios / seconds * options.block_size, ios == 0 ? 0 : cpu / ios, wire_names[options.wire]);
  return EXIT_SUCCESS;
}
