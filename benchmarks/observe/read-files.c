/*
 * The baseline of `./bench --observe`: reads the same files as the sampler, with kept descriptors and one buffer, and does nothing with them.
 *
 * usage: read-files LIST        LIST holds one path per line. For each line "N" on standard input it reads all files N times and prints the nanoseconds
 * of processor time that took. A file is read with one pread(2), or when its line begins with '+', until the end: the tables of procfs come in several pieces.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static char buffer[1 << 16];

static long long cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

int main(int argc, char **argv)
{
    struct rlimit most;
    char line[4096];
    int *fds = NULL;
    char *whole = NULL;
    size_t count = 0, room = 0;
    FILE *list = argc == 2 ? fopen(argv[1], "r") : NULL;

    if (!list) {
        fprintf(stderr, "usage: read-files LIST\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
        most.rlim_cur = most.rlim_max;
        setrlimit(RLIMIT_NOFILE, &most);
    }
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        if (count == room) {
            room = room ? room * 2 : 1024;
            fds = realloc(fds, room * sizeof *fds);
            whole = realloc(whole, room);
            if (!fds || !whole)
                return 1;
        }
        whole[count] = line[0] == '+';
        fds[count] = open(line + whole[count], O_RDONLY | O_CLOEXEC);
        if (fds[count] < 0) {
            perror(line);
            return 1;
        }
        count++;
    }
    fclose(list);
    while (fgets(line, sizeof line, stdin)) {
        long samples = atol(line);
        long long began = cpu();
        for (long s = 0; s < samples; s++) {
            for (size_t i = 0; i < count; i++) {
                ssize_t got = pread(fds[i], buffer, sizeof buffer, 0);
                for (off_t at = got; whole[i] && got > 0; at += got)
                    got = pread(fds[i], buffer, sizeof buffer, at);
                if (got < 0) {
                    perror("pread");
                    return 1;
                }
            }
        }
        printf("%lld\n", cpu() - began);
        fflush(stdout);
    }
    return 0;
}
