// DevFS: the device nodes as files. Types `devtmpfs` and `devfs` (one instance, wherever it is
// mounted) and `devpts`.
#pragma once

// Registers the types.
void devfs_init(void);
// Makes the instance and fills it from the device registry; before the first mount.
void devfs_start(void);
// After the last one, when nothing of it is in use: it goes, with all that programs made there (the leak check of debug kernels).
void devfs_end(void);
void devpts_init(void); // called by devfs_init
