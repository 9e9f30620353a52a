# tcc and gcc with the binutils and make: programs compiled, archived, linked in each way, and run.
. /parity/lib.sh
start_part compilers
cat > hello.c <<'E'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int main(int argc, char **argv) { char *p = malloc(100000); memset(p, 1, 100000); printf("hello %d %s\n", argc, argc > 1 ? argv[1] : "-"); free(p); return argc; }
E
cat > one.c <<'E'
#include "two.h"
#include <stdio.h>
int main(void) { printf("%d %.3f %s\n", twice(21), half(5), NAME); return 0; }
E
echo 'int twice(int); double half(double);' > two.h
echo '#include "two.h"
int twice(int x) { return x * 2; }' > two.c
echo '#include "two.h"
double half(double x) { return x / 2; }' > three.c
run 'tcc -v | cut -c1-11; tcc -o h hello.c; ./h x; echo $?; tcc -run hello.c a b; echo $?; tcc -c hello.c -o h.o; tcc h.o -o h2; ./h2; echo "int main(void) { return 7; }" | tcc -run -; echo $?; echo "int main(" | tcc -run - ; echo $?; printf "#!/usr/bin/tcc -run\n#include <stdio.h>\nint main(void) { puts(\"script\"); return 0; }\n" > s.c; chmod +x s.c; ./s.c; tcc -g -b -run hello.c; echo $?; tcc -shared -o libt.so two.c; ls -l libt.so | cut -c1-10; tcc -E two.c | tail -1; tcc -static -o st hello.c; ./st; echo $?'
run 'gcc --version | head -1; gcc -O2 -Wall -o h hello.c && ./h y; echo $?; gcc -static -O2 -o hs hello.c && ./hs z; echo $?; gcc -S -O1 -o - two.c | grep -c twice; gcc -E two.c | tail -1; gcc -c nowhere.c; echo $?; echo "int main(void) { return x; }" | gcc -x c -; echo $?; file h 2> /dev/null; gcc -print-prog-name=cc1'
run 'for f in one two three; do gcc -O2 -DNAME=\"archive\" -c $f.c || echo bad; done; ar rcs libn.a two.o three.o; ar t libn.a; nm libn.a | grep -c " T "; ranlib libn.a; gcc -o p one.o -L. -ln && ./p; ld -r -o both.o two.o three.o; gcc -o p2 one.o both.o && ./p2; objdump -d two.o | grep -c ret; size two.o | wc -l; strip -o p3 p; ./p3; readelf -h p | grep Type; strings p | grep -c archive; objcopy --only-keep-debug p p.debug; nm -D p | grep -c printf; ldd p | wc -l; addr2line -e p 0x1000; ar x libn.a three.o; ar d libn.a three.o; gcc -o p4 one.o -L. -ln 2>&1 | grep -c undefined'
run 'gcc -O2 -fPIC -shared -o libs.so two.c three.c; gcc -DNAME=\"shared\" -o q one.c -L. -ls -Wl,-rpath,/w; ./q; gcc -DNAME=\"path\" -o q2 one.c -L. -ls; ./q2; echo $?; LD_LIBRARY_PATH=. ./q2; LD_PRELOAD=./libs.so ./p; LD_BIND_NOW=1 ./q; LD_TRACE_LOADED_OBJECTS=1 ./q | wc -l; cat > dl.c <<E
#include <dlfcn.h>
#include <stdio.h>
int main(void) { void *h = dlopen("./libs.so", RTLD_NOW); int (*f)(int) = (int (*)(int))dlsym(h, "twice"); printf("%d\n", f(4)); dlclose(h); printf("%s\n", dlopen("nowhere.so", RTLD_LAZY) ? "?" : dlerror()); return 0; }
E
gcc -o dl dl.c && ./dl'
run 'cat > th.c <<E
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static _Thread_local int own; static atomic_int sum;
static void *work(void *x) { for (int i = 0; i < 1000; i++) { own++; atomic_fetch_add(&sum, 1); } return (void *)(long)(own + (long)x); }
int main(void) { pthread_t t[8]; long all = 0; for (long i = 0; i < 8; i++) pthread_create(&t[i], 0, work, (void *)i); for (int i = 0; i < 8; i++) { void *r; pthread_join(t[i], &r); all += (long)r; } printf("%d %ld\n", sum, all); return 0; }
E
gcc -O2 -pthread -o th th.c && ./th; gcc -O2 -static -pthread -o ths th.c && ./ths; gcc -O2 -no-pie -pthread -o thn th.c && ./thn; gcc -O3 -march=x86-64-v2 -fopenmp -x c - -o omp <<E && ./omp
#include <stdio.h>
int main(void) { long s = 0;
#pragma omp parallel for reduction(+:s) num_threads(3)
for (int i = 0; i < 1000; i++) s += i; printf("%ld\n", s); return 0; }
E
printf ".globl _start\n_start: mov \$60, %%eax\n mov \$5, %%edi\n syscall\n" > a.s; as -o a.o a.s && ld -o a a.o && ./a; echo $?; printf "int main(void) { *(volatile int *)0 = 1; }" | gcc -x c - -o crash; ./crash; echo $?; printf "#include <stdlib.h>\nint main(void) { abort(); }" | gcc -x c - -o ab; ./ab; echo $?; printf "int main(void) { volatile int z = 0; return 1 / z; }" | gcc -x c - -o fpe; ./fpe; echo $?; printf "int f(int n) { volatile char b[4096]; b[0] = n; return f(n + 1) + b[0]; } int main(void) { return f(0); }" | gcc -x c - -o deep; ./deep; echo $?; printf "int main(void) { __builtin_trap(); }" | gcc -x c - -o ill; ./ill; echo $?; printf "#include <string.h>\nint main(void) { char b[4]; memset(b, 1, 64); return b[0]; }" | gcc -O0 -fstack-protector-all -w -x c - -o smash; ./smash; echo $?'
run 'printf "CFLAGS = -O2 -pipe -DNAME=\\\\\"make\\\\\"\nprog: one.o two.o three.o\n\t\$(CC) -o \$@ \$^\nclean:\n\trm -f *.o prog\none.o two.o three.o: two.h\n" > Makefile; make clean > /dev/null; make -j2 CC=gcc | sort; ./prog; make CC=gcc; touch two.h; make -j3 CC=tcc > /dev/null; ./prog; echo $?; gcc -O2 -save-temps -c two.c; ls two.*; gcc -MM one.c; gcc -Wl,-Map=map -o prog one.c two.c three.c -DNAME=\"map\" -g -Wl,--gc-sections -ffunction-sections; ./prog; wc -l < map | cut -c1; ls -l prog | cut -c1-10; cp prog /dev/shm/ 2> /dev/null; ls /tmp'
end_part
