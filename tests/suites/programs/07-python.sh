# python3: processes, threads, files and time as its library uses them.
. /parity/lib.sh
start_part python
y() { cat > script.py; run 'timeout 400 python3 script.py'; }
y <<'E'
import os, sys, subprocess, signal, time, tempfile, shutil, pathlib, fcntl, mmap, select, errno
print(sys.platform, os.name, os.sep, sys.byteorder); print(subprocess.check_output(["echo", "x"]), subprocess.run("exit 3", shell=True).returncode)
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True); print(p.communicate("through"), p.returncode)
try: subprocess.run(["sleep", "5"], timeout=0.3)
except subprocess.TimeoutExpired as e: print(type(e).__name__)
try: subprocess.run(["nowhere"])
except OSError as e: print(e)
print(subprocess.run(["sh", "-c", "kill -9 $$"]).returncode, subprocess.getstatusoutput("echo o; exit 2")); print(subprocess.run(["pwd"], cwd="/", env={"PATH": "/bin"}, capture_output=True, text=True, start_new_session=True).stdout)
pid = os.fork()
if pid == 0: os._exit(4)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])); r, w = os.pipe(); os.write(w, b"abc"); print(os.read(r, 10), os.get_inheritable(r)); os.set_blocking(r, False)
try: os.read(r, 1)
except BlockingIOError as e: print(errno.errorcode[e.errno])
signal.signal(signal.SIGUSR1, lambda n, f: print("signal", n)); os.kill(os.getpid(), signal.SIGUSR1); signal.setitimer(signal.ITIMER_REAL, 0.1); signal.signal(signal.SIGALRM, lambda n, f: print("alarm")); t = time.monotonic(); time.sleep(0.3); print(time.monotonic() - t >= 0.3)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2}); os.kill(os.getpid(), signal.SIGUSR2); print(signal.sigpending(), signal.sigtimedwait({signal.SIGUSR2}, 1).si_signo, signal.sigtimedwait({signal.SIGUSR2}, 0.1))
with tempfile.TemporaryDirectory() as d:
    f = pathlib.Path(d) / "a"; f.write_text("text\n"); f.chmod(0o640); os.symlink("a", f.parent / "l"); os.link(f, f.parent / "h"); print(sorted(os.listdir(d)), f.stat().st_nlink, oct(f.stat().st_mode), os.readlink(f.parent / "l")); os.truncate(f, 100); os.utime(f, ns=(1, 2)); print(f.stat().st_mtime_ns, f.stat().st_size); shutil.copytree(d, d + "/c"); print(len(list(pathlib.Path(d).rglob("*"))))
    with open(f, "r+b") as g:
        m = mmap.mmap(g.fileno(), 0); m[:4] = b"TEXT"; m.flush(); print(m.find(b"\n"), open(f, "rb").read(5)); m.close(); fcntl.flock(g, fcntl.LOCK_EX); fcntl.lockf(g, fcntl.LOCK_EX | fcntl.LOCK_NB); os.posix_fallocate(g.fileno(), 0, 9000); print(os.fstat(g.fileno()).st_size, os.pread(g.fileno(), 4, 0), os.sendfile(os.open(d + "/out", os.O_CREAT | os.O_WRONLY), g.fileno(), 0, 50)); 
    dfd = os.open(d, os.O_RDONLY); print(os.stat("a", dir_fd=dfd).st_size, [e.name for e in sorted(os.scandir(dfd), key=lambda e: e.name)]); os.rename("a", "b", src_dir_fd=dfd, dst_dir_fd=dfd); print(os.access("b", os.R_OK, dir_fd=dfd)); print(os.path.realpath(d + "/l") == d + "/a")
print(os.path.exists(d)); po = select.poll(); po.register(r, select.POLLIN); os.write(w, b"z"); print(po.poll(100) == [(r, 1)], select.select([r], [w], [], 0.1) == ([r], [w], [])); fd = os.memfd_create("m"); os.write(fd, b"mem"); print(os.readlink(f"/proc/self/fd/{fd}"), os.fstat(fd).st_size); e = os.eventfd(3); print(os.eventfd_read(e))
print(os.uname().sysname, os.getlogin if 0 else "", os.cpu_count() >= 1, len(os.urandom(8)), os.umask(0o22), os.getpgrp() == os.getpgid(0), os.sched_getaffinity(0) >= {0}, os.getpriority(os.PRIO_PROCESS, 0)); print(os.popen("echo popen").read(), end=""); os.waitpid(os.posix_spawn("/bin/echo", ["echo", "spawned"], {}), 0); print(os.get_terminal_size if 0 else "", os.statvfs("/").f_bsize, os.times().user >= 0, time.get_clock_info("monotonic").implementation); import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0); sys.stdout.flush(); os.execvp("echo", ["echo", "replaced"])
E
y <<'E'
import threading, queue, concurrent.futures, time, ctypes, struct, sqlite3, json, zlib, lzma, bz2, hashlib, re, decimal, random, socket as s
q = queue.Queue(); out = []
def work():
    while (x := q.get()) is not None: out.append(x * x)
ts = [threading.Thread(target=work) for _ in range(4)]; [t.start() for t in ts]; [q.put(i) for i in range(100)]; [q.put(None) for _ in ts]; [t.join() for t in ts]; print(sum(out))
with concurrent.futures.ThreadPoolExecutor(4) as ex: print(list(ex.map(lambda x: x + 1, range(5))))
ev = threading.Event(); threading.Timer(0.1, ev.set).start(); print(ev.wait(5), ev.is_set()); b = threading.Barrier(3); rs = []; ts = [threading.Thread(target=lambda: rs.append(b.wait())) for _ in range(3)]; [t.start() for t in ts]; [t.join() for t in ts]; print(sorted(rs)); c = threading.Condition(); print(c.acquire(), c.wait(0.05)); c.release(); sem = threading.Semaphore(0); print(sem.acquire(timeout=0.05)); loc = threading.local(); loc.x = 1; print(threading.active_count(), threading.get_native_id() > 0)
libc = ctypes.CDLL(None); print(libc.abs(-5), ctypes.sizeof(ctypes.c_long), struct.unpack("<Q", b"\1" * 8)); db = sqlite3.connect("x.db"); db.execute("create table t(a)"); db.executemany("insert into t values (?)", [(i,) for i in range(100)]); db.commit(); print(db.execute("select sum(a) from t").fetchone()); data = b"data" * 10000
for m in (zlib, lzma, bz2): print(m.decompress(m.compress(data)) == data)
print(hashlib.sha256(data).hexdigest(), json.dumps({"a": [1, None]}), re.sub(r"(\d+)", r"<\1>", "a1b22"), decimal.Decimal(1) / 7, random.Random(1).random(), 2 ** 200)
import gc, weakref, locale, datetime, calendar, uuid, base64, csv, io, pickle, copy, itertools, functools, collections, textwrap, string, traceback, logging, argparse, glob, fnmatch, zipfile, tarfile, gzip, configparser, platform, getpass, pwd, grp
print(datetime.datetime.fromtimestamp(0, datetime.timezone.utc), platform.system(), pwd.getpwnam("nobody").pw_uid, grp.getgrgid(0).gr_name); z = zipfile.ZipFile("z.zip", "w"); z.writestr("a", "x" * 1000); z.close(); print(zipfile.ZipFile("z.zip").read("a")[:3]); t = tarfile.open("t.tgz", "w:gz"); t.add("z.zip"); t.close(); print(tarfile.open("t.tgz").getnames()); print(pickle.loads(pickle.dumps([1, {2}])), glob.glob("*.zip")); logging.warning("logged"); 1 / 0
E
y <<'E'
import multiprocessing as mp, os, sys, time
def double(x): return x * 2
def put(q, n): q.put((n, os.getppid() > 0))
def count(v, l):
    for _ in range(50):
        with l: v.value += 1
if __name__ == "__main__":
    for way, count_of in (("fork", 3), ("spawn", 1)):
        c = mp.get_context(way); q = c.SimpleQueue(); ps = [c.Process(target=put, args=(q, i)) for i in range(count_of)]; [p.start() for p in ps]; print(way, sorted(q.get() for _ in ps)); [p.join(200) for p in ps]; print([p.exitcode for p in ps])
    c = mp.get_context("fork"); v = c.Value("i", 0); l = c.Lock(); ps = [c.Process(target=count, args=(v, l)) for _ in range(3)]; [p.start() for p in ps]; [p.join() for p in ps]; print(v.value)
    with c.Pool(2) as pool: print(pool.map(double, range(6)))
    a, b = c.Pipe(False); b.send([1]); print(a.recv(), a.poll(0.1)); p = c.Process(target=time.sleep, args=(500,)); p.start(); p.terminate(); p.join(); print(p.exitcode); ev = c.Event(); p = c.Process(target=ev.wait, args=(300,)); p.start(); ev.set(); p.join(); print(p.exitcode); from multiprocessing import shared_memory as sm; m = sm.SharedMemory(create=True, size=100); m.buf[0] = 7; n = sm.SharedMemory(m.name); print(n.buf[0], os.path.exists("/dev/shm/" + m.name)); n.close(); m.close(); m.unlink(); arr = c.Array("d", 3); arr[1] = 2.5; print(arr[:]); sys.exit(9)
E
run 'python3 -c "import this" | wc -l; python3 -c "exit(3)"; echo $?; python3 nowhere.py; echo $?; echo "print(1 + 1)" | python3; python3 -c "1 +"; python3 -m json.tool <<E
{"a": 1}
E
python3 -m timeit -n 1 -r 1 pass | wc -l; python3 -c "import sys; sys.stdout.write(\"x\" * 200000)" | wc -c; python3 -c "print(\"y\\n\" * 100000)" | head -1; python3 -c "import os; os.abort()"; echo $?; python3 -c "import os; os.kill(os.getpid(), 15)"; echo $?; python3 -X importtime -c pass 2>&1 | wc -l | cut -c1; python3 -m compileall -q /w/script.py; ls __pycache__; python3 -S -E -s -c "import sys; print(sys.flags.no_site)"; python3 -u -c "print(5)"; python3 -m zipapp nowhere; python3 -c "import faulthandler, ctypes; faulthandler.enable(); ctypes.string_at(0)" 2>&1 | head -1; python3 -c "
def f(n): return f(n + 1)
f(0)" 2>&1 | tail -1; python3 -c "x = bytearray(200 << 20); print(len(x))"'
end_part
