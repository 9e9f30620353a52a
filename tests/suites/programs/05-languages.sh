# perl, lua, make and git: processes, pipes, signals, locks and files from programs that use much of the interface.
. /parity/lib.sh
start_part languages
p() { cat > script.pl; run 'perl script.pl'; }
p <<'E'
use strict; use warnings; $| = 1;
pipe(my $r, my $w) or die; my $pid = fork; if (!$pid) { close $r; print $w "from child $_\n" for 1 .. 3; exit 7 } close $w; print while <$r>; waitpid $pid, 0; print $? >> 8, "\n";
my @kids = map { my $n = $_; my $k = fork; exit $n unless $k; $k } 1 .. 5; my $sum = 0; for (@kids) { waitpid $_, 0; $sum += $? >> 8 } print "$sum\n";
print waitpid(-1, 0), " $!\n"; system("exit 5"); print $? >> 8, "\n"; print `echo back`; system("/bin/sh", "-c", "kill -9 \$\$"); print $? & 127, "\n"; print system("nowhere"), "\n";
open my $p, "-|", "seq", 3 or die; print <$p>; close $p; open $p, "|-", "tr a-z A-Z" or die; print $p "loud\n"; close $p; open $p, "-|", "exit 3"; close $p; print $? >> 8, "\n";
local $SIG{USR1} = sub { print "usr1\n" }; kill USR1 => $$; local $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 5; }; print $@; local $SIG{CHLD} = sub { print "child ended\n" }; my $k = fork; exit unless $k; sleep 2; wait; $SIG{CHLD} = "DEFAULT";
open my $f, "+>", "data" or die; print $f "0123456789"; seek $f, 3, 0; read $f, my $b, 4; print "$b\n"; truncate $f, 5; print -s "data", "\n"; use Fcntl qw(:flock :seek :mode); print flock($f, LOCK_EX | LOCK_NB) ? 1 : 0; if (!fork) { open my $g, "<", "data"; print flock($g, LOCK_EX | LOCK_NB) ? "got" : "busy $!", "\n"; exit } wait; flock $f, LOCK_UN;
print join(",", (stat "data")[2, 3, 7]), "\n"; mkdir "d"; rename "data", "d/data"; symlink "d/data", "l"; print readlink "l", "\n"; link "d/data", "h"; print +(stat "h")[3], "\n"; chmod 0600, "h"; printf "%o\n", S_IMODE((stat "h")[2]); utime 1e9, 1e9, "h"; print +(stat "h")[9], "\n"; opendir my $d, "."; print join(" ", sort readdir $d), "\n"; unlink "l", "h"; rmdir "d" or print "$!\n"; print -e "l" ? 1 : 0, -d "d" ? 1 : 0, "\n"; chdir "d"; print glob("*"), "\n";
E
p <<'E'
use POSIX qw(:sys_wait_h :signal_h); use Time::HiRes qw(sleep time); use Errno; use IO::Select; use IPC::Open3; use File::Temp qw(tempfile); use File::Find; use File::Copy; use Cwd; use Storable; use Digest::SHA qw(sha256_hex); use MIME::Base64; use Data::Dumper; use Encode; use threads;
my $pid = fork; if (!$pid) { sleep 0.2; exit 2 } print waitpid($pid, WNOHANG), "\n"; waitpid $pid, 0; print WEXITSTATUS($?), "\n"; my $t = time; sleep 0.15; print time - $t >= 0.15 ? "slept\n" : "early\n";
my $set = POSIX::SigSet->new(SIGUSR2); sigprocmask(SIG_BLOCK, $set); $SIG{USR2} = sub { print "late\n" }; kill USR2 => $$; print "blocked\n"; my $pend = POSIX::SigSet->new; sigpending($pend); print $pend->ismember(SIGUSR2), "\n"; sigprocmask(SIG_UNBLOCK, $set);
pipe my $r, my $w; my $s = IO::Select->new($r); print scalar($s->can_read(0.1)), "\n"; syswrite $w, "x"; print scalar($s->can_read(1)), "\n"; my $k = open3(my $in, my $out, undef, "cat"); print $in "three\n"; close $in; print <$out>; waitpid $k, 0;
my ($fh, $name) = tempfile(DIR => "."); print $fh "temp"; close $fh; copy($name, "copied"); print -s "copied", "\n"; move("copied", "moved"); my @n; find(sub { push @n, $_ if /moved/ }, "."); print "@n\n"; print getcwd, "\n"; store {a => [1, 2]}, "st"; print retrieve("st")->{a}[1], "\n"; print sha256_hex("abc"), "\n", encode_base64("bytes"); print length encode("UTF-8", "\x{263a}"), "\n"; print POSIX::strftime("%F", gmtime 86400), " ", (POSIX::uname())[0], " ", POSIX::getpid() == $$, "\n"; print POSIX::ttyname(0) // "none", " ", POSIX::isatty(0) ? 1 : 0, "\n"; my @p = getpwnam "nobody"; print "$p[2] $p[7]\n"; print +(getgrgid 100)[0], "\n"; my ($u, $sys) = times; print $u >= 0 ? 1 : 0, "\n"; print POSIX::sysconf(&POSIX::_SC_PAGESIZE), " ", POSIX::nice(2), "\n"; umask 027; open F, ">mode"; close F; printf "%o\n", (stat "mode")[2] & 0777; $0 = "renamed"; open F, "/proc/$$/cmdline"; print scalar <F>, "\n";
my $th = threads->create(sub { return $_[0] * 2 }, 21); print $th->join, "\n"; my @ts = map { threads->create(sub { my $x = 0; $x += $_ for 1 .. 1000; $x }) } 1 .. 4; print join(" ", map { $_->join } @ts), "\n"; POSIX::dup2(1, 9); open F, ">&=9"; print F "nine\n"; print syscall(39) == $$ ? "getpid\n" : "no\n"; exec "echo", "replaced";
E
p <<'E'
$SIG{__DIE__} = sub { print "dying: @_" }; eval { die "x\n" }; open F, "<", "nowhere" or print "$!\n"; print mkdir("/proc/x") ? 1 : "$!\n"; open F, ">", "/" or print "$!\n"; print rmdir("/") ? 1 : "$!\n"; print kill(0, 999999), " $!\n"; print opendir(D, "script.pl") ? 1 : "$!\n"; print rename("nowhere", "x") ? 1 : "$!\n"; print chroot("nowhere") ? 1 : "$!\n"; use Fcntl; sysopen F, "excl", O_CREAT | O_EXCL | O_RDWR; print sysopen(G, "excl", O_CREAT | O_EXCL | O_RDWR) ? 1 : "$!\n"; print sysseek(F, 10, 0), sysread(F, $b, 1), syswrite(F, "abc", 2), " ", -s F, "\n"; fcntl F, F_SETFL, O_APPEND | O_NONBLOCK; printf "%o\n", fcntl(F, F_GETFL, 0) & O_APPEND; pipe R, W; fcntl R, F_SETFL, O_NONBLOCK; print defined sysread(R, $b, 1) ? 1 : "$!\n"; close R; $SIG{PIPE} = sub { print "sigpipe\n" }; print defined syswrite(W, "x") ? 1 : "$!\n"; my $big = "x" x 300000; pipe R, W; if (!fork) { close R; print W $big; exit } close W; my $n = 0; $n += length while <R>; print "$n\n"; wait; print join(" ", sort { $a <=> $b } map { ord } split //, "bca"), "\n"; my %h = map { $_ => 1 } 1 .. 20000; print scalar(keys %h), "\n"; print "ok\n" if "aaa" =~ /^(a+)+$/; printf "%.3f %s\n", atan2(1, 1) * 4, 2 ** 62; print sprintf("%vd", "1.22.333"), " $]\n"; warn "warned\n"; die "dead\n";
E
run 'echo $?; perl -ne "print if /root/" /etc/passwd; perl -i.bak -pe "s/die/DIE/" script.pl; ls script*; echo "a b" | perl -lane "print \$F[1]"; perl -MList::Util=sum -e "print sum(1..10), qq(\n)"; perl -e "print qq(\$0 @ARGV\n)" x y; perl -c script.pl; perl -e "exit 3"; echo $?; perl -we "print undef . 1"; perl nowhere; perl -v | sed -n 2p | cut -c1-20'
l() { cat > script.lua; run 'lua5.4 script.lua one two'; }
l <<'E'
print(_VERSION, #arg, arg[1]); local f = assert(io.open("out", "w")); f:write("line 1\n", 2, "\n"); f:seek("set", 5); f:write("X"); f:close(); for l in io.lines("out") do print(l) end; print(io.open("nowhere")); local p = io.popen("echo piped; exit 3"); print(p:read("a")); print(p:close()); print(os.execute("exit 4")); print(os.execute("kill -9 $$")); print(os.getenv("TZ"), os.getenv("NOPE")); print(os.remove("out"), os.remove("out")); print(os.rename("a", "b")); print(os.time{year = 2000, month = 1, day = 1, hour = 12}); print(os.date("!%F", 0)); print(type(os.clock()), os.tmpname():match("^/tmp/lua_") ~= nil)
local t = {}; for i = 1, 100000 do t[i] = i * 2 end; table.sort(t, function(a, b) return a > b end); print(t[1], #t, collectgarbage("count") > 100); local co = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end); print(co(), co(), co()); local ok, raised = pcall(error, {code = 1}); print(ok, raised.code); print(string.format("%q %5.2f %x", "a\nb", math.pi, 255), ("x"):rep(3, ","), ("key=val"):match("(%w+)=(%w+)")); print(7 // 2, 7 % -3, 1 << 40, 2^53, math.maxinteger, 0/0 ~= 0/0, utf8.char(9786)); goto done; print("never") ::done:: io.stderr:write("err\n"); print(load("return 1 +")); local s <const> = setmetatable({}, {__index = function(_, k) return k .. "!" end}); print(s.hey); os.exit(6, true)
E
run 'echo "print(1 + 1)" | lua5.4 -; lua5.4 -e "error(\"x\")"; lua5.4 nowhere; lua5.4 -v | cut -c1-7; luac5.4 -o c script.lua; lua5.4 c | head -1'
cat > Makefile <<'E'
all: a b
	@cat a b
a:
	echo a > a
b: a
	echo b > b
fail:
	@exit 3
.PHONY: all fail
%.x: %
	cp $< $@
v := $(shell echo from shell)
show:
	@echo $(v) $(words $(wildcard *.lua)) $(patsubst %.c,%.o,x.c y.c) $(MAKELEVEL)
sub:
	@$(MAKE) --no-print-directory show
par: p1 p2 p3 p4
p%:
	@sleep 0.1; echo made $@ | tee $@
E
run 'make; make; touch -d 2001-01-01 a; touch b; make -n; make fail; echo $?; make -k fail all; make a.x; make nowhere; make show sub; make -j3 par | sort; ls p?; make -s -B a; make -q; echo $?; make -f nowhere; make -t a; make -p -f /dev/null | wc -l | cut -c1; make --version | head -1; rm p?; make -j2 --output-sync par | sort; make -j2 -B --output-sync=recurse par > all.out; sort all.out'
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z GIT_CONFIG_GLOBAL=/dev/null GIT_PAGER=cat
run 'git --version; git init -q -b main r; cd r; git status --short; echo one > a; mkdir d; echo two > d/b; ln -s a l; chmod +x d/b; git add .; git status --short; git commit -qm first; git log --oneline; git ls-tree -r HEAD; git rev-parse HEAD; git fsck; git count-objects'
run 'cd r; echo more >> a; git diff; git diff --stat; git commit -qam second; git show --stat --format=%s; git branch topic; git switch -q topic; echo topic > t; git add t; git commit -qm topic; git switch -q main; echo x > a; git commit -qam third; git merge -q -m merged topic; git log --graph --oneline; git merge-base main topic; git tag -a v1 -m tag; git describe; git blame -s a; git cat-file -p HEAD | head -3; git rm -q t; git mv a b; git status --short; git stash -q; git stash list; git stash pop -q; git reset -q --hard; git clean -nd; ls'
run 'cd r; git switch -q -c conflict HEAD~1; echo c > a; git commit -qam conflict; git merge main; echo $?; cat a; git merge --abort; git rebase main; echo $?; git rebase --abort; git cherry-pick main~2; echo $?; git reset -q --hard; git switch -q main; git grep -n two; git archive HEAD | tar t; git bundle create -q ../bundle main; git clone -q ../bundle ../c 2>&1 | head -2; git -C ../c log --oneline | wc -l; git clone -q . ../local; git -C ../local log -1 --format=%s; git gc -q; git fsck; git count-objects -v | grep packs; git reflog | wc -l; git bisect start -q HEAD HEAD~2 > /dev/null; git bisect reset > /dev/null 2>&1; git worktree add -q ../w main~1 2>&1 | head -1; ls ../w; echo "echo hooked" > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; git commit -q --allow-empty -m h; git format-patch -1 --stdout topic | git apply --check; echo $?; git log nowhere; git -C /nowhere status; git hash-object a; git show-ref | wc -l; git shortlog -s HEAD; git config user.name x; git config -l | grep user; cat .git/config | head -3; git init -q --bare ../bare.git; git push -q ../bare.git main; git -C ../bare.git log --oneline | head -1; cd ../local; git pull -q --ff-only ../bare.git main; git log -1 --format=%h; git submodule status; git notes add -m n; git notes show'
end_part
