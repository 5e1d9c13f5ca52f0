/*
 * Many connections of a client that does nothing but move bytes: about what the kernel and the caches leave to any
 * client that has as many, beside `nbd scale`.
 *
 *   cc -O2 -Wall -Wextra -pthread -o raw_scale raw_scale.c
 *   raw_scale [--connections=N,N...] [--event-loops=N] [--iodepth=N] [--bs=SIZE] [--runtime=SECONDS]
 *             [--warmup=SECONDS] [--shared-buffer] UNIX-SOCKET
 *
 * For each number of connections it opens them to the server at that socket, and reads random blocks of the default
 * export on all of them at once, iodepth on each.  What has come on a connection is received into memory of its event
 * loop, which stays in the cache; from there each reply's payload is copied to memory of its request's own, and the
 * requests that follow are sent with one system call.  Structured replies are not negotiated.
 *
 * With --shared-buffer all payload is copied into one block instead.  The difference is what the callers' own memory
 * costs, when it is more than the caches hold.  Each event loop has a block of its own: if several wrote to the same
 * cache lines, they would wait for each other.
 *
 * It writes nothing, and a server may have memory only for what was written.  `nbd scale` fills its disk; so fill the
 * export before, as with `nbd load --fill`.
 *
 * The options have the names and defaults that they have in `nbd scale`.  The CPU time is user and system of the whole
 * process, without the server.  A reply that is an error, or a row that can't be measured, ends the program.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#include "raw_nbd.h"

/* Little enough that it stays in the cache, and about what a Unix socket holds by default. */
#define RECEIVE_AT_ONCE (1u << 18)
#define EVENTS_AT_ONCE 4096
#define PAGE 4096
/* So that no two event loops write the same pair of cache lines. */
#define APART 128
#define MAX_ROWS 64
/* What the process may have open besides. */
#define OTHER_DESCRIPTORS 64
/* Seconds until a server that does not answer is taken for one that never will. */
#define PATIENCE 10

/* Options and target */

struct options {
  unsigned connections[MAX_ROWS], rows;
  unsigned event_loops, iodepth;
  uint64_t block_size;
  double runtime, warmup;
  bool shared_buffer;
  const char *path;
};

/* Takes digits alone. */
static unsigned
parse_count (const char *option, const char *text, unsigned max)
{
  char *end;
  unsigned long value;

  errno = 0;
  value = strtoul (text, &end, 10);
  if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value == 0 || value > max)
    fail ("--%s: not a number from 1 to %u: %s", option, max, text);
  return value;
}

static void
parse_connections (struct options *options, char *text)
{
  char *item;

  options->rows = 0;
  while ((item = strsep (&text, ",")) != NULL) {
    if (options->rows == MAX_ROWS)
      fail ("--connections: more than %d numbers", MAX_ROWS);
    options->connections[options->rows++] = parse_count ("connections", item, 65536);
  }
}

static struct options
parse_options (int argc, char **argv)
{
  static const struct option names[] = {
    { "connections", required_argument, NULL, 'c' },
    { "bs", required_argument, NULL, 'b' },
    { "event-loops", required_argument, NULL, 'e' },
    { "iodepth", required_argument, NULL, 'd' },
    { "runtime", required_argument, NULL, 't' },
    { "warmup", required_argument, NULL, 'w' },
    { "shared-buffer", no_argument, NULL, 's' },
    { 0 }
  };
  struct options options = {
    .connections = { 1, 10, 16, 100, 1000, 10000 }, .rows = 6, .event_loops = 2, .iodepth = 16, .block_size = 4096,
    .runtime = 5, .warmup = 3
  };
  int c;

  while ((c = getopt_long (argc, argv, "", names, NULL)) != -1) {
    switch (c) {
    case 'c': parse_connections (&options, optarg); break;
    case 'b': options.block_size = parse_size (optarg); break;
    case 'e': options.event_loops = parse_count ("event-loops", optarg, 1024); break;
    case 'd': options.iodepth = parse_count ("iodepth", optarg, 65536); break;
    case 't': options.runtime = parse_number ("runtime", optarg, 0.01, 1e6); break;
    case 'w': options.warmup = parse_number ("warmup", optarg, 0, 1e6); break;
    case 's': options.shared_buffer = true; break;
    default: exit (EXIT_FAILURE);
    }
  }
  if (argc - optind != 1)
    fail ("give one target, the path of a Unix socket");
  options.path = argv[optind];
  return options;
}

/* Raises the limit on open files as far as it goes, and fails before anything is measured if that is not enough. */
static void
make_room (const struct options *options)
{
  struct rlimit limit;

  check (getrlimit (RLIMIT_NOFILE, &limit) == 0, "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  check (setrlimit (RLIMIT_NOFILE, &limit) == 0, "setrlimit");
  for (unsigned i = 0; i < options->rows; ++i) {
    /* Each event loop has one as well. */
    const rlim_t needed = (rlim_t) options->connections[i] + options->event_loops + OTHER_DESCRIPTORS;

    if (needed > limit.rlim_cur)
      fail ("%u connections need %ju open files, where the limit is %ju (ulimit -Hn)", options->connections[i],
            (uintmax_t) needed, (uintmax_t) limit.rlim_cur);
  }
}

/* The load */

struct connection {
  int fd;
  unsigned unanswered;          /* Requests, sent or about to be. */
  char *blocks;                 /* One for each request. */
  /* Of the reply that is coming: */
  struct simple_reply reply;
  unsigned reply_received;
  char *payload;                /* Where the rest of it goes. */
  size_t payload_left;
  /* Requests that the socket had no room for; while there are any, epoll tells when it has. */
  char *unsent;
  size_t unsent_length;
};

struct event_loop {
  /* Written by the event loop, read by the main thread. */
  _Alignas (APART) atomic_uint_fast64_t completed;
  _Alignas (APART) const struct options *options;
  pthread_t thread;
  int epoll;
  struct connection *connections;
  unsigned count;
  uint64_t blocks, random, unanswered;
  char *received;
  struct request *requests;     /* That are to be sent at once. */
  char *shared_block;           /* With --shared-buffer, or else NULL. */
};

/* No request is made any more, and the event loops end when all are answered. */
static atomic_bool stopping;

static void *
allocate (size_t size)
{
  void *memory = aligned_alloc (PAGE, (size + PAGE - 1) / PAGE * PAGE);

  check (memory != NULL, "memory");
  /* The first touch of each page happens here, not while it is measured. */
  memset (memory, 1, size);
  return memory;
}

/* Fails, unless the descriptor was only not ready. */
static void
check_transfer (ssize_t n, const char *what)
{
  if (n == 0 || (n == -1 && (errno == EPIPE || errno == ECONNRESET)))
    fail ("the server closed the connection");
  if (n == -1 && errno != EAGAIN)
    fail ("%s: %s", what, strerror (errno));
}

static size_t
send_some (const struct connection *connection, const void *data, size_t length)
{
  const ssize_t n = send (connection->fd, data, length, MSG_DONTWAIT | MSG_NOSIGNAL);

  check_transfer (n, "send");
  return n == -1 ? 0 : n;
}

static void
watch (const struct event_loop *loop, struct connection *connection, int operation, uint32_t events)
{
  struct epoll_event event = { .events = events, .data.ptr = connection };

  check (epoll_ctl (loop->epoll, operation, connection->fd, &event) == 0, "epoll_ctl");
}

static void
send_unsent (const struct event_loop *loop, struct connection *connection)
{
  const size_t sent = send_some (connection, connection->unsent, connection->unsent_length);

  connection->unsent_length -= sent;
  memmove (connection->unsent, connection->unsent + sent, connection->unsent_length);
  if (connection->unsent_length == 0)
    watch (loop, connection, EPOLL_CTL_MOD, EPOLLIN);
}

/* Sends the first requests of the loop, as many as that, on that connection. */
static void
send_requests (struct event_loop *loop, struct connection *connection, unsigned count)
{
  const char *from = (const char *) loop->requests;
  size_t length = count * sizeof *loop->requests;

  connection->unanswered += count;
  loop->unanswered += count;
  if (connection->unsent_length == 0) {
    const size_t sent = send_some (connection, from, length);

    from += sent;
    length -= sent;
    if (length == 0)
      return;
    watch (loop, connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
  /* There is room for iodepth requests, and unsent ones are unanswered, unless the server answers at random. */
  if (connection->unsent_length + length > loop->options->iodepth * sizeof *loop->requests)
    fail ("the server answers requests that it has not got");
  memcpy (connection->unsent + connection->unsent_length, from, length);
  connection->unsent_length += length;
}

static struct request
make_read (struct event_loop *loop, uint64_t cookie)
{
  const uint64_t block_size = loop->options->block_size;

  return make_request (CMD_READ, cookie, next_random (&loop->random) % loop->blocks * block_size, block_size);
}

/* Looks at a reply of which all but the payload is there. */
static void
begin_payload (const struct event_loop *loop, struct connection *connection)
{
  const struct simple_reply *reply = &connection->reply;
  const uint64_t cookie = be64toh (reply->cookie);

  if (be32toh (reply->magic) != SIMPLE_REPLY_MAGIC)
    fail ("not a simple reply: magic %#" PRIx32, be32toh (reply->magic));
  if (reply->error != 0)
    fail ("the server answers with error %" PRIu32, be32toh (reply->error));
  if (cookie >= loop->options->iodepth || connection->unanswered == 0)
    fail ("the server answers what was not asked: cookie %" PRIu64, cookie);
  connection->payload =
    loop->shared_block != NULL ? loop->shared_block : connection->blocks + cookie * loop->options->block_size;
  connection->payload_left = loop->options->block_size;
}

/* Takes apart what was received.  Returns how many replies are complete; for each there is a new request. */
static unsigned
take_replies (struct event_loop *loop, struct connection *connection, const char *from, size_t length)
{
  unsigned completed = 0;

  while (length > 0) {
    size_t n;

    if (connection->reply_received < SIMPLE_REPLY) {
      n = SIMPLE_REPLY - connection->reply_received;
      n = n < length ? n : length;
      memcpy ((char *) &connection->reply + connection->reply_received, from, n);
      connection->reply_received += n;
      if (connection->reply_received == SIMPLE_REPLY)
        begin_payload (loop, connection);
    } else {
      n = connection->payload_left < length ? connection->payload_left : length;
      memcpy (connection->payload, from, n);
      connection->payload += n;
      connection->payload_left -= n;
      if (connection->payload_left == 0) {
        loop->requests[completed++] = make_read (loop, be64toh (connection->reply.cookie));
        connection->reply_received = 0;
        --connection->unanswered;
      }
    }
    from += n;
    length -= n;
  }
  return completed;
}

static void
receive (struct event_loop *loop, struct connection *connection)
{
  const ssize_t n = recv (connection->fd, loop->received, RECEIVE_AT_ONCE, MSG_DONTWAIT);
  unsigned completed;

  check_transfer (n, "recv");
  if (n == -1)
    return;
  completed = take_replies (loop, connection, loop->received, n);
  if (completed == 0)
    return;
  loop->unanswered -= completed;
  /* There is no other writer. */
  atomic_store_explicit (&loop->completed,
                         atomic_load_explicit (&loop->completed, memory_order_relaxed) + completed,
                         memory_order_relaxed);
  if (!atomic_load_explicit (&stopping, memory_order_relaxed))
    send_requests (loop, connection, completed);
}

static void *
run_event_loop (void *argument)
{
  struct event_loop *loop = argument;
  struct epoll_event *events = allocate (EVENTS_AT_ONCE * sizeof *events);

  for (unsigned i = 0; i < loop->count; ++i) {
    for (unsigned j = 0; j < loop->options->iodepth; ++j)
      loop->requests[j] = make_read (loop, j);
    send_requests (loop, &loop->connections[i], loop->options->iodepth);
  }
  while (loop->unanswered > 0) {
    const int n = epoll_wait (loop->epoll, events, EVENTS_AT_ONCE, -1);

    check (n != -1 || errno == EINTR, "epoll_wait");
    for (int i = 0; i < n; ++i) {
      if ((events[i].events & EPOLLOUT) != 0)
        send_unsent (loop, events[i].data.ptr);
      if ((events[i].events & ~EPOLLOUT) != 0)
        receive (loop, events[i].data.ptr);
    }
  }
  free (events);
  return NULL;
}

/* Opens one that is the `number`th of its row; returns the number of blocks. */
static uint64_t
open_connection (const struct options *options, struct connection *connection, unsigned number)
{
  const struct timeval patience = { .tv_sec = PATIENCE };
  const int fd = connect_unix (options->path, PATIENCE);
  ssize_t n;
  uint64_t blocks;

  /* A server with too many connections lets others wait, or closes them. */
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  n = recv (fd, &(char) { 0 }, 1, MSG_PEEK);
  if (n == -1 && errno == EAGAIN)
    fail ("the server leaves connection %u waiting", number);
  if (n == 0)
    fail ("the server closes connection %u at once", number);
  check (n == 1, "recv");
  greet (fd, fd);
  blocks = open_export (fd, fd, options->block_size);
  connection->fd = fd;
  connection->unsent = allocate (options->iodepth * sizeof (struct request));
  if (!options->shared_buffer)
    connection->blocks = allocate (options->iodepth * options->block_size);
  return blocks;
}

/* All requests are answered. */
static void
close_connection (struct connection *connection)
{
  const struct request goodbye = make_request (CMD_DISC, 0, 0, 0);

  send_some (connection, &goodbye, sizeof goodbye);
  close (connection->fd);
  free (connection->unsent);
  free (connection->blocks);
}

static void
open_event_loop (struct event_loop *loop, unsigned index, unsigned first_number)
{
  const struct options *options = loop->options;
  const unsigned most_replies = RECEIVE_AT_ONCE / (SIMPLE_REPLY + options->block_size) + 1;

  atomic_init (&loop->completed, 0);
  loop->random = RANDOM_SEED + index;
  loop->epoll = epoll_create1 (EPOLL_CLOEXEC);
  check (loop->epoll != -1, "epoll_create1");
  loop->received = allocate (RECEIVE_AT_ONCE);
  loop->requests =
    allocate ((most_replies > options->iodepth ? most_replies : options->iodepth) * sizeof *loop->requests);
  loop->shared_block = options->shared_buffer ? allocate (options->block_size) : NULL;
  loop->connections = calloc (loop->count, sizeof *loop->connections);
  check (loop->connections != NULL, "memory");
  for (unsigned i = 0; i < loop->count; ++i) {
    loop->blocks = open_connection (options, &loop->connections[i], first_number + i);
    watch (loop, &loop->connections[i], EPOLL_CTL_ADD, EPOLLIN);
  }
}

static void
close_event_loop (struct event_loop *loop)
{
  for (unsigned i = 0; i < loop->count; ++i)
    close_connection (&loop->connections[i]);
  close (loop->epoll);
  free (loop->received);
  free (loop->requests);
  free (loop->shared_block);
  free (loop->connections);
}

/* What has come of a row up to some moment. */
struct sample {
  double time, cpu;
  uint64_t completed;
};

static struct sample
take_sample (struct event_loop *loops, unsigned count)
{
  struct sample sample = { .time = now (), .cpu = cpu_us () };

  for (unsigned i = 0; i < count; ++i)
    sample.completed += atomic_load_explicit (&loops[i].completed, memory_order_relaxed);
  return sample;
}

static void
sleep_for (double seconds)
{
  struct timespec left = { .tv_sec = (time_t) seconds, .tv_nsec = (seconds - (time_t) seconds) * 1e9 };

  while (nanosleep (&left, &left) == -1 && errno == EINTR)
    ;
}

static void
end_event_loop (struct event_loop *loop)
{
  struct timespec until;
  int error;

  clock_gettime (CLOCK_REALTIME, &until);
  until.tv_sec += PATIENCE;
  error = pthread_timedjoin_np (loop->thread, NULL, &until);
  if (error == ETIMEDOUT)
    fail ("the server does not answer any more");
  errno = error;
  check (error == 0, "pthread_timedjoin_np");
}

static void
measure (const struct options *options, unsigned connections)
{
  const unsigned count = options->event_loops < connections ? options->event_loops : connections;
  struct event_loop *loops = allocate (count * sizeof *loops);
  struct sample start, end;
  uint64_t completed;
  unsigned opened = 0;

  memset (loops, 0, count * sizeof *loops);
  for (unsigned i = 0; i < count; ++i) {
    loops[i].options = options;
    loops[i].count = connections / count + (i < connections % count);
    open_event_loop (&loops[i], i, opened + 1);
    opened += loops[i].count;
  }
  atomic_store (&stopping, false);
  for (unsigned i = 0; i < count; ++i) {
    errno = pthread_create (&loops[i].thread, NULL, run_event_loop, &loops[i]);
    check (errno == 0, "pthread_create");
  }
  sleep_for (options->warmup);
  start = take_sample (loops, count);
  sleep_for (options->runtime);
  end = take_sample (loops, count);
  atomic_store (&stopping, true);
  for (unsigned i = 0; i < count; ++i)
    end_event_loop (&loops[i]);
  for (unsigned i = 0; i < count; ++i)
    close_event_loop (&loops[i]);
  free (loops);
  completed = end.completed - start.completed;
  if (completed == 0)
    fail ("of %u connections none had an answer within the measured time", connections);
  printf ("| %u | %.0f | %.2f |\n", connections, completed / (end.time - start.time),
          (end.cpu - start.cpu) / completed);
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  const struct options options = parse_options (argc, argv);

  signal (SIGPIPE, SIG_IGN);
  make_room (&options);
  printf ("| connections | IOPS | CPU us/request |\n| --- | --- | --- |\n");
  fflush (stdout);
  for (unsigned i = 0; i < options.rows; ++i)
    measure (&options, options.connections[i]);
  return EXIT_SUCCESS;
}
