/* Preloaded into a host's processes: a wall clock that is wrong by WRONG_CLOCK_SECONDS. The monotonic clock
 * stays right. libfaketime cannot do it: it allocates memory while Redis's jemalloc is still starting, and
 * systemd-run fails under it. Needs no header, so that the smallest compiler makes it. */
struct timespec { long seconds, nanoseconds; };
struct timeval { long seconds, microseconds; };
long syscall(long number, ...);
char *getenv(const char *name);
long atol(const char *text);

enum { realtime = 0, realtime_coarse = 5 };
#ifdef __x86_64__
enum { clock_gettime_number = 228 };
#else
enum { clock_gettime_number = 113 };
#endif

int clock_gettime(int clock, struct timespec *now) {
  long result = syscall(clock_gettime_number, (long)clock, now);
  char *wrong = getenv("WRONG_CLOCK_SECONDS");
  if (result == 0 && wrong && (clock == realtime || clock == realtime_coarse)) now->seconds += atol(wrong);
  return (int)result;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec exact;
  int result = clock_gettime(realtime, &exact);
  (void)zone;
  now->seconds = exact.seconds;
  now->microseconds = exact.nanoseconds / 1000;
  return result;
}

long time(long *kept) {
  struct timespec exact;
  clock_gettime(realtime, &exact);
  if (kept) *kept = exact.seconds;
  return exact.seconds;
}
