// Device nodes: what device files open. Drivers publish; DevFS subscribes and gets what exists replayed.
#pragma once

#include "file/open_file.h"
#include "lib/list.h"
#include "lib/types.h"

enum device_kind { DEVICE_CHARACTER, DEVICE_BLOCK };

struct device_node {
    const char *name;           // [I] "null", "ttyS0", "pts/0"
    enum device_kind kind;      // [I]
    uint32_t number;            // [I] Linux's dev_t (uapi/device_number.h)
    uint32_t mode;              // [I] permission bits of the file in DevFS, e.g. 0666
    uint32_t gid;               // [I] e.g. 5 for terminals; 0
    const struct file_ops *ops; // [I] of opened files
    // Called for each open, before the file is used; may replace file->ops and set private_data. 0 or -errno. NULL: nothing to do.
    int (*open)(struct device_node *node, struct open_file *file);
    void *driver_data;     // [I]
    struct list_head link; // [l] the registry's
};

// Publishes; the node stays valid until device_node_unpublish. 0, -EEXIST (name or number taken), -ENOMEM.
must_check int device_node_publish(struct device_node *node);
void device_node_unpublish(struct device_node *node);
// What a device file of this kind and number opens; NULL: -ENXIO.
struct device_node *device_node_find(enum device_kind kind, uint32_t number);

struct device_node_subscriber {
    void (*added)(struct device_node_subscriber *subscriber, struct device_node *node);
    void (*removed)(struct device_node_subscriber *subscriber, struct device_node *node);
    struct list_head link;
};
// Calls added() for every node that exists, then for new ones. May sleep in the callbacks.
void device_node_subscribe(struct device_node_subscriber *subscriber);
void device_node_unsubscribe(struct device_node_subscriber *subscriber);

// For /proc/devices: each major with its driver's name.
void device_node_visit(bool (*visit)(struct device_node *node, void *context), void *context);

// Publishes the built-in character devices, starts the serial driver, seeds the random generator.
void device_init(void);
