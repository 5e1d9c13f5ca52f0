/*
 * What `nbd load` does, done with libnbd: the other side of the comparison in docs/performance.md.
 *
 *   cc -O2 -Wall -Wextra -o libnbd_load libnbd_load.c -lnbd
 *   libnbd_load [OPTION]... NBD-URI
 *   libnbd_load [OPTION]... '[' COMMAND [ARG]... ']'
 *
 * The options have the names and defaults that they have in `nbd load`, and so have the members of the JSON object
 * on stdout.  libnbd is set up as its users find it, with one exception: it does not zero the buffer of a read first.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <libnbd.h>

#define NS_PER_SECOND 1000000000ull

static void
fail (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  fprintf (stderr, "libnbd_load: ");
  vfprintf (stderr, format, arguments);
  fprintf (stderr, "\n");
  va_end (arguments);
  exit (EXIT_FAILURE);
}

/* Latencies in nanoseconds.  Each power of two has 1024 buckets, so a value is off by less than 0.1 %. */

#define SUB_BITS 10
#define BUCKETS ((65 - SUB_BITS) << SUB_BITS)

struct histogram {
  uint64_t count[BUCKETS];
  uint64_t total, min, max;
};

static unsigned
bucket_of (uint64_t value)
{
  unsigned shift;

  if (value < 1u << SUB_BITS)
    return value;
  shift = 63 - __builtin_clzll (value) - SUB_BITS;
  return (shift << SUB_BITS) + (unsigned) (value >> shift);
}

static uint64_t
highest_in_bucket (unsigned bucket)
{
  unsigned shift;

  if (bucket < 2u << SUB_BITS)
    return bucket;
  shift = (bucket >> SUB_BITS) - 1;
  return ((bucket - ((uint64_t) shift << SUB_BITS) + 1) << shift) - 1;
}

static void
record (struct histogram *histogram, uint64_t value)
{
  histogram->count[bucket_of (value)]++;
  if (histogram->total++ == 0 || value < histogram->min)
    histogram->min = value;
  if (value > histogram->max)
    histogram->max = value;
}

static double
percentile_us (const struct histogram *histogram, double percent)
{
  const double wanted = (double) histogram->total * percent / 100;
  uint64_t seen = 0;
  unsigned i;

  for (i = 0; i < BUCKETS; ++i) {
    seen += histogram->count[i];
    if (seen > 0 && (double) seen >= wanted) {
      uint64_t value = highest_in_bucket (i);
      return (value < histogram->max ? value : histogram->max) / 1e3;
    }
  }
  return 0;
}

/* Options and target */

enum direction { READ, WRITE, MIXED };

struct options {
  enum direction direction;
  bool random;
  uint64_t block_size;
  unsigned iodepth;
  double runtime, warmup;
  bool fill;
  const char *uri;              /* or: */
  char **command;
};

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
parse_size (const char *option, const char *text)
{
  char *end;
  unsigned long long value;
  unsigned shift = 0;

  errno = 0;
  value = strtoull (text, &end, 10);
  switch (*end) {
  case 'k': case 'K': shift = 10; ++end; break;
  case 'm': case 'M': shift = 20; ++end; break;
  case 'g': case 'G': shift = 30; ++end; break;
  }
  if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' ||
      value == 0 || value > UINT32_MAX >> shift)
    fail ("--%s: not a size such as 512, 4k or 1m: %s", option, text);
  return (uint64_t) value << shift;
}

static void
parse_rw (struct options *options, const char *text)
{
  static const struct { const char *name; enum direction direction; bool random; } kinds[] = {
    { "read", READ, false },
    { "write", WRITE, false },
    { "randread", READ, true },
    { "randwrite", WRITE, true },
    { "randrw", MIXED, true },
  };
  size_t i;

  for (i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
    if (strcmp (text, kinds[i].name) == 0) {
      options->direction = kinds[i].direction;
      options->random = kinds[i].random;
      return;
    }
  }
  fail ("--rw: not read, write, randread, randwrite or randrw: %s", text);
}

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
  if (to == *argc)
    fail ("[ without a ] as a word of its own");
  if (to == from + 1)
    fail ("no command between [ and ]");
  options->command = calloc (to - from, sizeof *options->command);
  if (options->command == NULL)
    fail ("out of memory");
  memcpy (options->command, &argv[from + 1], (to - from - 1) * sizeof *argv);
  memmove (&argv[from], &argv[to + 1], (*argc - to) * sizeof *argv);
  *argc -= to - from + 1;
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
    { "json", no_argument, NULL, 'j' },
    { 0 }
  };
  struct options options = {
    .direction = READ, .random = true, .block_size = 4096, .iodepth = 64, .runtime = 10, .warmup = 3
  };
  int c;

  take_command (&options, &argc, argv);
  while ((c = getopt_long (argc, argv, "", names, NULL)) != -1) {
    switch (c) {
    case 'r': parse_rw (&options, optarg); break;
    case 'b': options.block_size = parse_size ("bs", optarg); break;
    case 'd': options.iodepth = (unsigned) parse_number ("iodepth", optarg, 1, 65536); break;
    case 't': options.runtime = parse_number ("runtime", optarg, 0.01, 1e6); break;
    case 'w': options.warmup = parse_number ("warmup", optarg, 0, 1e6); break;
    case 'f': options.fill = true; break;
    case 'j': break;            /* There is no other output. */
    default: exit (EXIT_FAILURE);
    }
  }
  if (argc - optind != (options.command == NULL))
    fail ("give one target: an NBD URI, or [ COMMAND ARG... ]");
  options.uri = argv[optind];
  return options;
}

static const char *
transport (const struct options *options)
{
  if (options->command != NULL)
    return "socketpair";
  if (strstr (options->uri, "+unix:") != NULL)
    return "unix";
  if (strstr (options->uri, "+vsock:") != NULL)
    return "vsock";
  return "tcp";
}

/* The load */

struct load;

struct slot {
  struct load *load;
  void *buffer;
  uint64_t started;
};

struct load {
  const struct options *options;
  struct nbd_handle *nbd;
  uint64_t blocks, next_block, random;
  struct slot *slots;
  struct slot **idle;           /* A stack: the slot that was used last has its buffer in the cache. */
  unsigned idles;
  bool counting;
  uint64_t errors;
  struct histogram latency;
};

static uint64_t
now_ns (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

static double
cpu_us (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static uint64_t
next_random (struct load *load)
{
  /* xorshift64* */
  load->random ^= load->random >> 12;
  load->random ^= load->random << 25;
  load->random ^= load->random >> 27;
  return load->random * 0x2545f4914f6cdd1dull;
}

static int
completed (void *data, int *error)
{
  struct slot *slot = data;
  struct load *load = slot->load;

  if (load->counting) {
    if (*error != 0)
      load->errors++;
    else
      record (&load->latency, now_ns () - slot->started);
  }
  load->idle[load->idles++] = slot;
  return 1;                     /* libnbd retires the command by itself. */
}

static void
submit (struct load *load, struct slot *slot)
{
  const struct options *options = load->options;
  const nbd_completion_callback callback = { .callback = completed, .user_data = slot };
  uint64_t block, offset;
  bool write;
  int64_t cookie;

  block = options->random ? next_random (load) % load->blocks : load->next_block++ % load->blocks;
  offset = block * options->block_size;
  write = options->direction == WRITE || (options->direction == MIXED && next_random (load) >> 63);
  slot->started = now_ns ();
  if (write)
    cookie = nbd_aio_pwrite (load->nbd, slot->buffer, options->block_size, offset, callback, 0);
  else
    cookie = nbd_aio_pread (load->nbd, slot->buffer, options->block_size, offset, callback, 0);
  if (cookie == -1)
    fail ("%s", nbd_get_error ());
}

/* Keeps iodepth requests in flight for so long. */
static void
run (struct load *load, double seconds)
{
  const uint64_t end = now_ns () + (uint64_t) (seconds * NS_PER_SECOND);

  while (now_ns () < end) {
    while (load->idles > 0)
      submit (load, load->idle[--load->idles]);
    if (nbd_poll (load->nbd, -1) == -1)
      fail ("%s", nbd_get_error ());
  }
}

static void
drain (struct load *load)
{
  while (load->idles < load->options->iodepth) {
    if (nbd_poll (load->nbd, -1) == -1)
      fail ("%s", nbd_get_error ());
  }
}

static void
connect_to_target (struct load *load)
{
  const struct options *options = load->options;
  int64_t size;

  load->nbd = nbd_create ();
  if (load->nbd == NULL)
    fail ("%s", nbd_get_error ());
  /* It is the user who has typed the URI, so it may name certificates. */
  if (nbd_set_pread_initialize (load->nbd, false) == -1 ||
      nbd_set_uri_allow_local_file (load->nbd, true) == -1 ||
      (options->command != NULL ? nbd_connect_command (load->nbd, options->command)
                                : nbd_connect_uri (load->nbd, options->uri)) == -1 ||
      (size = nbd_get_size (load->nbd)) == -1)
    fail ("%s", nbd_get_error ());
  load->blocks = size / options->block_size;
  if (load->blocks == 0)
    fail ("the export has %" PRId64 " bytes, less than one block", size);
  if ((options->direction != READ || options->fill) && nbd_is_read_only (load->nbd) != 0)
    fail ("the export is read-only");
}

/* Fills the export: 8 pieces of 1 MiB in flight, or shorter ones where the server takes less. */

#define FILL_DEPTH 8
#define FILL_PIECE (1u << 20)

static int64_t
block_size_or (struct load *load, int kind, int64_t otherwise)
{
  int64_t size = nbd_get_block_size (load->nbd, kind);

  if (size == -1)
    fail ("%s", nbd_get_error ());
  return size == 0 ? otherwise : size;
}

static void
fill_piece (struct load *load, char *piece, size_t size)
{
  size_t i;

  for (i = 0; i < size; i += sizeof (uint64_t)) {
    /* No byte is zero. */
    const uint64_t word = next_random (load) | 0x0101010101010101ull;
    memcpy (piece + i, &word, sizeof word);
  }
}

static void
fill_export (struct load *load)
{
  const uint64_t minimum = block_size_or (load, LIBNBD_SIZE_MINIMUM, 1);
  const uint64_t maximum = block_size_or (load, LIBNBD_SIZE_MAXIMUM, FILL_PIECE);
  const uint64_t piece = maximum < FILL_PIECE ? maximum - maximum % minimum : FILL_PIECE;
  const uint64_t size = nbd_get_size (load->nbd), end = size - size % minimum;
  char *buffers[FILL_DEPTH];
  int64_t cookies[FILL_DEPTH] = { 0 };
  uint64_t offset = 0;
  unsigned i, in_flight = 0;

  for (i = 0; i < FILL_DEPTH; ++i) {
    buffers[i] = malloc (FILL_PIECE);
    if (buffers[i] == NULL)
      fail ("out of memory");
    /* Once: what matters is that there is memory behind each block, and no zero in it. */
    fill_piece (load, buffers[i], FILL_PIECE);
  }
  while (offset < end || in_flight > 0) {
    for (i = 0; i < FILL_DEPTH; ++i) {
      if (cookies[i] != 0) {
        const int done = nbd_aio_command_completed (load->nbd, cookies[i]);
        if (done == -1)
          fail ("--fill: %s", nbd_get_error ());
        if (done == 0)
          continue;
        cookies[i] = 0;
        in_flight--;
      }
      if (offset < end) {
        const uint64_t length = end - offset < piece ? end - offset : piece;
        cookies[i] = nbd_aio_pwrite (load->nbd, buffers[i], length, offset, NBD_NULL_COMPLETION, 0);
        if (cookies[i] == -1)
          fail ("--fill: %s", nbd_get_error ());
        offset += length;
        in_flight++;
      }
    }
    if (in_flight > 0 && nbd_poll (load->nbd, -1) == -1)
      fail ("%s", nbd_get_error ());
  }
  for (i = 0; i < FILL_DEPTH; ++i)
    free (buffers[i]);
}

static void
allocate_slots (struct load *load)
{
  const unsigned n = load->options->iodepth;
  unsigned i;

  load->slots = calloc (n, sizeof *load->slots);
  load->idle = calloc (n, sizeof *load->idle);
  if (load->slots == NULL || load->idle == NULL)
    fail ("out of memory");
  for (i = 0; i < n; ++i) {
    struct slot *slot = &load->slots[i];

    slot->load = load;
    slot->buffer = malloc (load->options->block_size);
    if (slot->buffer == NULL)
      fail ("out of memory");
    /* The first touch of each page happens here, not while it is measured. */
    memset (slot->buffer, (int) (i + 1), load->options->block_size);
    load->idle[load->idles++] = slot;
  }
}

static void
report (const struct load *load, double seconds, double cpu)
{
  static const struct { const char *name; double percent; } percentiles[] = {
    { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 }
  };
  const struct histogram *latency = &load->latency;
  const uint64_t ios = latency->total;
  size_t i;

  printf ("{\"iops\":%.1f,\"bytes_per_second\":%.0f,\"cpu_us_per_io\":%.3f,\"latency_us\":{\"min\":%.3f",
          ios / seconds, ios / seconds * load->options->block_size, ios == 0 ? 0 : cpu / ios, latency->min / 1e3);
  for (i = 0; i < sizeof percentiles / sizeof percentiles[0]; ++i)
    printf (",\"%s\":%.3f", percentiles[i].name, percentile_us (latency, percentiles[i].percent));
  printf (",\"max\":%.3f},\"errors\":%" PRIu64 ",\"verified\":0,\"transport\":\"%s\"%s,\"client\":\"libnbd %s\"}\n",
          latency->max / 1e3, load->errors, transport (load->options),
          /* libnbd does not tell the protocol and the cipher. */
          nbd_get_tls_negotiated (load->nbd) == 1 ? ",\"tls\":{\"engine\":\"gnutls\"}" : "", nbd_get_version (load->nbd));
}

int
main (int argc, char **argv)
{
  static struct load load = { .random = 88172645463325252ull };
  struct options options = parse_options (argc, argv);
  uint64_t started;
  double cpu, seconds;

  load.options = &options;
  connect_to_target (&load);
  if (options.fill)
    fill_export (&load);
  allocate_slots (&load);

  run (&load, options.warmup);
  load.counting = true;
  started = now_ns ();
  cpu = cpu_us ();
  run (&load, options.runtime);
  cpu = cpu_us () - cpu;
  seconds = (now_ns () - started) / (double) NS_PER_SECOND;
  load.counting = false;
  report (&load, seconds, cpu);

  drain (&load);
  if (nbd_shutdown (load.nbd, 0) == -1)
    fail ("%s", nbd_get_error ());
  nbd_close (load.nbd);
  return EXIT_SUCCESS;
}
