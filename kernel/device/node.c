// The registry of device nodes: what a device file of a given number opens.
//
// Changes are serialised by `is_changing`, which is no ranked lock on purpose: subscribers are called while it is held, and
// DevFS takes directory locks there. So a callback must not publish. The list itself is under a spin lock for look-ups; who
// holds `is_changing` may walk it without, since nobody else changes it.
#include "device/node.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "scheduler/wait_queue.h"
#include "sync/spinlock.h"

static struct spinlock node_lock = SPINLOCK_INIT(LOCK_RANK_DEVICE_STATE);
static struct list_head node_list = LIST_INIT(node_list);               // [l node_lock]
static struct list_head node_subscribers = LIST_INIT(node_subscribers); // [l is_changing]
static struct wait_queue node_change_queue = WAIT_QUEUE_INIT(node_change_queue);
static struct atomic32 is_changing; // [a] 1: somebody changes the registry

static bool node_change_try_begin(void)
{
    uint32_t expected = 0;
    return atomic32_compare_exchange(&is_changing, &expected, 1);
}

static void node_change_begin(void)
{
    WAIT(&node_change_queue, node_change_try_begin());
}

static void node_change_end(void)
{
    atomic32_store_release(&is_changing, 0);
    wait_queue_wake_all(&node_change_queue);
}

static bool node_conflicts(const struct device_node *one, const struct device_node *other)
{
    return (one->kind == other->kind && one->number == other->number) ||
           strcmp(one->name, other->name) == 0;
}

static int node_insert(struct device_node *node)
{
    struct device_node *other;
    int result = 0;
    spin_lock(&node_lock);
    list_for_each_entry(other, &node_list, link) {
        if (node_conflicts(node, other)) {
            result = -EEXIST;
            break;
        }
    }
    if (result == 0) {
        list_add_tail(&node_list, &node->link);
    }
    spin_unlock(&node_lock);
    return result;
}

int device_node_publish(struct device_node *node)
{
    assert(node->name != NULL && node->ops != NULL);
    node_change_begin();
    int result = node_insert(node);
    if (result == 0) {
        struct device_node_subscriber *subscriber;
        list_for_each_entry(subscriber, &node_subscribers, link) {
            subscriber->added(subscriber, node);
        }
    }
    node_change_end();
    return result;
}

void device_node_unpublish(struct device_node *node)
{
    node_change_begin();
    spin_lock(&node_lock);
    list_remove(&node->link);
    spin_unlock(&node_lock);
    struct device_node_subscriber *subscriber;
    list_for_each_entry(subscriber, &node_subscribers, link) {
        subscriber->removed(subscriber, node);
    }
    node_change_end();
}

struct device_node *device_node_find(enum device_kind kind, uint32_t number)
{
    struct device_node *node;
    struct device_node *found = NULL;
    spin_lock(&node_lock);
    list_for_each_entry(node, &node_list, link) {
        if (node->kind == kind && node->number == number) {
            found = node;
            break;
        }
    }
    spin_unlock(&node_lock);
    return found;
}

void device_node_subscribe(struct device_node_subscriber *subscriber)
{
    struct device_node *node;
    node_change_begin();
    list_for_each_entry(node, &node_list, link) {
        subscriber->added(subscriber, node);
    }
    list_add_tail(&node_subscribers, &subscriber->link);
    node_change_end();
}

void device_node_unsubscribe(struct device_node_subscriber *subscriber)
{
    node_change_begin();
    list_remove(&subscriber->link);
    node_change_end();
}

void device_node_visit(bool (*visit)(struct device_node *node, void *context), void *context)
{
    struct device_node *node;
    node_change_begin();
    list_for_each_entry(node, &node_list, link) {
        if (!visit(node, context)) {
            break;
        }
    }
    node_change_end();
}
