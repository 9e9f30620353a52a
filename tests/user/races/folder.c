/* Races in one folder and between folders: names that are made, moved, looked up and taken away, and mounts that come and go. */
#include "races.h"

#include <dirent.h>
#include <sys/mount.h>

enum { NAMES = 5, THREADS = 4, FOLDERS = 3, MISSING = 64 };

/* Nothing else may go wrong with a name that others change meanwhile. */
static bool is_expected(long result)
{
    return result >= 0 || errno == ENOENT || errno == EEXIST || errno == ENOTDIR ||
           errno == EISDIR || errno == ENOTEMPTY || errno == EBUSY || errno == EINVAL ||
           errno == EPERM || errno == ELOOP || errno == ESTALE;
}

/* ---- one folder ------------------------------------------------------------------------------------------------------- */

static void draw_name(char name[static 16])
{
    snprintf(name, 16, "n%u", race_draw() % NAMES);
}

static void read_folder(void)
{
    DIR *folder = opendir(".");
    RACE_CHECK(folder != NULL);
    errno = 0;
    while (readdir(folder) != NULL) {}
    RACE_CHECK(errno == 0);
    closedir(folder);
}

static void change_name(void)
{
    char name[16], other[16];
    struct stat status;
    draw_name(name);
    draw_name(other);
    switch (race_draw() % 9) {
    case 0:
        RACE_CHECK(is_expected(close(open(name, O_RDWR | O_CREAT, 0600))) || errno == EBADF);
        break;
    case 1: RACE_CHECK(is_expected(mkdir(name, 0700))); break;
    case 2: RACE_CHECK(is_expected(unlink(name))); break;
    case 3: RACE_CHECK(is_expected(rmdir(name))); break;
    case 4: RACE_CHECK(is_expected(rename(name, other))); break;
    case 5: RACE_CHECK(is_expected(link(name, other))); break;
    case 6: RACE_CHECK(is_expected(symlink(other, name))); break;
    case 7: RACE_CHECK(is_expected(stat(name, &status))); break;
    default: read_folder(); break;
    }
}

static void change_names(unsigned index)
{
    (void)index;
    while (race_goes_on()) {
        change_name();
        race_count();
    }
}

static void threads_in_one_folder(void)
{
    race_threads(THREADS, change_names);
}

static void processes_in_one_folder(void)
{
    race_processes(THREADS, change_names);
}

/* ---- between folders ------------------------------------------------------------------------------------------------------- */

static void draw_path(char path[static 32])
{
    snprintf(path, 32, "d%u/e%u", race_draw() % FOLDERS, race_draw() % FOLDERS);
}

static void move_names(unsigned index)
{
    while (race_goes_on()) {
        char path[32], other[32];
        draw_path(path);
        draw_path(other);
        if (index == 0 && race_draw() % 2) {
            strcat(other, race_draw() % 2 ? "/e0" : "/e0/e1");
        }
        long result = race_draw() % 8 ? rename(path, other)
                                      : syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, other, 2);
        RACE_CHECK(is_expected(result));
        race_count();
    }
}

/* The names below a folder, in all depths. */
static unsigned count_names(const char *path)
{
    char below[PATH_MAX];
    unsigned count = 0;
    struct dirent *entry;
    DIR *folder = opendir(path);
    RACE_CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
            count += 1 + count_names(below);
        }
    }
    closedir(folder);
    return count;
}

/* A rename onto an empty folder takes that away; nothing else does, and nothing is made. */
static void folders_move(void)
{
    char path[32];
    for (unsigned i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "d%u", i);
        RACE_OK(mkdir(path, 0700));
        for (unsigned j = 0; j < FOLDERS; j++) {
            snprintf(path, sizeof(path), "d%u/e%u", i, j);
            RACE_OK(mkdir(path, 0700));
        }
    }
    race_processes(THREADS, move_names);
    unsigned count = count_names(".");
    RACE_CHECK(count > FOLDERS && count <= FOLDERS + FOLDERS * FOLDERS);
}

/* ---- a name that is always there --------------------------------------------------------------------------------------------- */

static void replace_or_open(unsigned index)
{
    char own[16];
    snprintf(own, sizeof(own), "new%u", index);
    while (race_goes_on()) {
        if (index < 2) {
            close(RACE_OK(open(own, O_RDWR | O_CREAT, 0600)));
            RACE_OK(rename(own, "always"));
        } else {
            close(RACE_OK(open("always", O_RDONLY)));
            race_count();
        }
    }
}

static void a_replaced_name_is_always_there(void)
{
    close(RACE_OK(open("always", O_RDWR | O_CREAT, 0600)));
    race_processes(THREADS, replace_or_open);
}

/* ---- mounts -------------------------------------------------------------------------------------------------------------------- */

/* Names that are not there fill the cache of names, so that it is trimmed while the mount that they lie in goes. */
static void look_for_missing(void)
{
    char path[32];
    struct stat status;
    for (unsigned i = 0; i < MISSING; i++) {
        snprintf(path, sizeof(path), "point/%x", race_draw());
        RACE_CHECK(stat(path, &status) < 0 && errno == ENOENT);
    }
}

static void mount_or_walk(unsigned index)
{
    struct stat status;
    while (race_goes_on()) {
        if (index == 0) {
            if (mount("tmpfs", "point", "tmpfs", 0, NULL) == 0) {
                RACE_CHECK(is_expected(mkdir("point/below", 0700)));
                race_pause();
            }
            RACE_CHECK(is_expected(umount2("point", race_draw() % 2 ? MNT_DETACH : 0)));
        } else if (index == 1) {
            look_for_missing();
        } else {
            RACE_CHECK(is_expected(stat("point/below/..", &status)));
            RACE_CHECK(is_expected(close(open("point/file", O_RDWR | O_CREAT, 0600))) ||
                       errno == EBADF);
            race_count();
        }
    }
}

static void mounts_come_and_go(void)
{
    RACE_OK(mkdir("point", 0700));
    race_processes(THREADS, mount_or_walk);
    /* Where one was busy, the next was mounted over it. */
    while (umount2("point", MNT_DETACH) == 0) {}
}

/* Mounts are repeated elsewhere while they are taken away, lazily, so that nobody keeps them where they stand. */
static void repeat_or_unmount(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            (void)!mount("tmpfs", "tree/point", "tmpfs", 0, NULL);
            race_pause();
            (void)!umount2("tree/point", MNT_DETACH);
        } else {
            (void)!mount("tree", "copy", NULL, MS_BIND | MS_REC, NULL);
            (void)!umount2("copy", MNT_DETACH);
            race_count();
        }
    }
}

static void mounts_are_repeated(void)
{
    RACE_OK(mkdir("tree", 0700));
    RACE_OK(mkdir("tree/point", 0700));
    RACE_OK(mkdir("copy", 0700));
    race_threads(2, repeat_or_unmount);
    RACE_CHECK(umount2("tree/point", MNT_DETACH) == -1);
    RACE_CHECK(umount2("copy", MNT_DETACH) == -1);
}

/* ---- the working directory of all threads --------------------------------------------------------------------------- */

static char base[PATH_MAX / 2], own_mount[PATH_MAX];

static void enter(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", base, name);
    RACE_OK(chdir(path));
}

/* Into a file system of its own, out of it and away with it: a call of another thread that is still there may keep it for a moment. */
static void visit_mount(void)
{
    RACE_OK(mount("none", own_mount, "tmpfs", 0, NULL));
    enter("mount");
    race_pause();
    enter("place0");
    while (umount(own_mount) != 0) {
        RACE_CHECK(errno == EBUSY);
        sched_yield();
    }
}

static void visit_removed(void)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/removed", base);
    RACE_OK(mkdir(path, 0700));
    enter("removed");
    RACE_OK(rmdir(path));
    race_pause();
    enter("place1");
}

static void look_around(void)
{
    char path[PATH_MAX], digit = 0;
    if (race_draw() % 2) {
        RACE_CHECK(getcwd(path, sizeof(path)) != NULL || errno == ENOENT);
        return;
    }
    int fd = open("here", O_RDONLY);
    RACE_CHECK(fd >= 0 || errno == ENOENT);
    if (fd >= 0) {
        RACE_CHECK(read(fd, &digit, 1) == 1 && (digit == '0' || digit == '1'));
        RACE_OK(close(fd));
    }
}

static void move_or_look(unsigned index)
{
    while (race_goes_on()) {
        switch (index == 0 ? race_draw() % 8 : 8) {
        case 0: visit_mount(); break;
        case 1: visit_removed(); break;
        case 8: look_around(); break;
        default: enter(race_draw() % 2 ? "place0" : "place1");
        }
        race_count();
    }
}

static void the_working_directory_moves(void)
{
    RACE_CHECK(getcwd(base, sizeof(base)) != NULL);
    snprintf(own_mount, sizeof(own_mount), "%s/mount", base);
    RACE_OK(mkdir("mount", 0700));
    for (char digit = '0'; digit <= '1'; digit++) {
        char place[] = {'p', 'l', 'a', 'c', 'e', digit, '\0'};
        RACE_OK(mkdir(place, 0700));
        enter(place);
        int fd = RACE_OK(open("here", O_WRONLY | O_CREAT, 0600));
        RACE_CHECK(write(fd, &digit, 1) == 1);
        RACE_OK(close(fd));
        RACE_OK(chdir(base));
    }
    race_threads(THREADS, move_or_look);
    RACE_OK(chdir(base));
}

const struct race folder_races[] = {
    {"threads_in_one_folder", threads_in_one_folder},
    {"processes_in_one_folder", processes_in_one_folder},
    {"folders_move", folders_move},
    {"a_replaced_name_is_always_there", a_replaced_name_is_always_there},
    {"mounts_come_and_go", mounts_come_and_go},
    {"mounts_are_repeated", mounts_are_repeated},
    {"the_working_directory_moves", the_working_directory_moves},
    {NULL, NULL},
};
