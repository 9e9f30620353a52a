# sqlite3: rollback journal and write-ahead log, locks between processes, damage, big transactions.
. /parity/lib.sh
start_part sqlite
q() { cat > script.sql; run "sqlite3 $1 < script.sql"; }
q db <<'E'
create table t(id integer primary key, name text, x real); insert into t(name, x) values ('a', 1.5), ('b', 2), ('c', null);
select * from t; select count(*), sum(x), group_concat(name) from t; update t set x = 9 where name = 'c'; delete from t where id = 1; select * from t order by name desc;
begin; insert into t(name) values ('gone'); rollback; select count(*) from t; create unique index i on t(name); insert into t(name) values ('b'); explain query plan select * from t where name = 'b';
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t(name, x) select 'n' || i, i * 1.0 from n; select count(*), max(x) from t; pragma integrity_check; pragma journal_mode; pragma page_size; vacuum; select typeof(x), quote(name), hex(name), upper(name), substr(name, 1, 2), printf('%05d', id), date(0, 'unixepoch') from t limit 1;
create view v as select name from t where x > 4990; select count(*) from v; create trigger g after delete on t begin insert into t(name) values ('trigger ' || old.name); end; delete from t where name = 'n7'; select name from t where name like 'trigger%'; select json_extract('{"a":[1,2]}', '$.a[1]'); select row_number() over (order by name), name from t limit 2; attach 'other' as o; create table o.u as select * from t limit 3; select count(*) from o.u; detach o;
savepoint s; delete from t; rollback to s; release s; select count(*) from t; select * from nowhere; .tables
.schema t
.mode csv
select * from t limit 2;
.dump other
E
run 'ls; sqlite3 db .dump | md5sum; sqlite3 db ".backup copy"; cmp db copy && echo same; sqlite3 copy "pragma integrity_check; select count(*) from t"; sqlite3 :memory: "select 1 + 1"; sqlite3 -readonly db "delete from t"; echo $?; sqlite3 /nowhere/x "create table t(a)"; echo $?; sqlite3 /etc/passwd "select * from t"; chmod 444 copy; setpriv --reuid=65534 --clear-groups sqlite3 copy "delete from t"; sqlite3 db "insert into t values (2, 1, 1)"; echo $?'
# Holds a lock from the file "held" to the file "release".
cat > holder <<'E'
rm -f held release
{ echo "$first"; echo ".shell touch held"; while [ ! -e release ]; do sleep 0.1; done; echo "$last"; } | sqlite3 $database &
while [ ! -e held ]; do sleep 0.1; done
E
run 'sqlite3 wal "pragma journal_mode=wal; create table t(a); insert into t values (1)"; ls wal*; database=wal first="begin; insert into t values (2);" last="commit;"; . ./holder; ls wal*; sqlite3 wal "select count(*) from t"; sqlite3 wal "insert into t values (3)"; touch release; wait; sqlite3 wal "select group_concat(a) from t; pragma wal_checkpoint(truncate); pragma journal_mode=delete"; ls wal*'
run 'database=db first="begin exclusive; delete from t;" last="rollback;"; . ./holder; ls db*; sqlite3 db "select count(*) from t"; sqlite3 db "insert into t(name) values (1)"; touch release; wait; sqlite3 db "select count(*) from t"'
run 'sqlite3 n "create table t(a)"; for i in 1 2 3 4; do (for j in 1 2 3 4 5; do sqlite3 -cmd ".timeout 90000" n "insert into t values ($i * 10 + $j)"; done) & done; wait; sqlite3 n "select count(*), sum(a) from t; pragma integrity_check"'
run 'sqlite3 wal2 "pragma journal_mode=wal; create table t(a)"; for i in 1 2 3; do (for j in 1 2 3 4; do sqlite3 -cmd ".timeout 90000" wal2 "insert into t values ($i * 10 + $j)"; done) & done; for k in 1 2 3; do sqlite3 -cmd ".timeout 90000" wal2 "select count(*) >= 0 from t"; done; wait; sqlite3 wal2 "select count(*), sum(a) from t; pragma integrity_check"'
run 'database=db first="pragma cache_size=10; begin; with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000) insert into t(name, x) select \"k\" || i, i from n;" last=""; . ./holder; ls db*; pkill -9 sqlite3; touch release; wait; ls db*; sqlite3 db "pragma integrity_check; select count(*) from t"; ls db*; for m in truncate persist memory off; do sqlite3 db "pragma journal_mode=$m; insert into t(name) values (\"$m\"); select count(*) from t"; ls db*; done; sqlite3 db "pragma mmap_size=1000000; select count(*) from t; pragma locking_mode=exclusive; update t set x = 1 where id = 2; select changes()"; dd if=/dev/zero of=db bs=1k seek=5 count=2 conv=notrunc status=none; sqlite3 db "pragma integrity_check" | head -1 | cut -c1-20; printf "a,b\n1,2\n" > csv; sqlite3 imp ".import --csv csv t" "select * from t"; sqlite3 imp ".shell echo from sh" ".system exit 3" ".read nowhere"; sqlite3 imp ".once out" "select 5" ; cat out; sqlite3 imp ".output |tr 5 6" "select 5"'
end_part
