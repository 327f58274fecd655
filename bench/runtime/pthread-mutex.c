/* pthread-mutex THREADS OPERATIONS: so many threads share so many lock + unlock around a counter.
 * Prints the wall time and the CPU time in nanoseconds, without the start of the threads. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t gate;
static volatile int counter;
static long share;

static long long now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *work(void *end) {
  pthread_barrier_wait(&gate);
  for (long i = 0; i < share; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
  }
  *(long long *)end = now(CLOCK_MONOTONIC);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  int threads = atoi(argv[1]);
  if (threads < 1 || threads > 64) return 2;
  long operations = atol(argv[2]);
  pthread_t thread[64];
  long long end[64];
  share = operations / threads;
  pthread_barrier_init(&gate, NULL, threads + 1);
  for (int i = 0; i < threads; i++)
    if (pthread_create(&thread[i], NULL, work, &end[i]) != 0) return 1;
  long long start = now(CLOCK_MONOTONIC);
  long long cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  pthread_barrier_wait(&gate);
  long long last = 0;
  for (int i = 0; i < threads; i++) {
    pthread_join(thread[i], NULL);
    if (end[i] > last) last = end[i];
  }
  printf("%lld %lld\n", last - start, now(CLOCK_PROCESS_CPUTIME_ID) - cpu);
  return counter == share * threads ? 0 : 1;
}
