/*
 * Intrusive lists. `struct list_head` is a circular doubly linked list: the head and the links of
 * the elements have the same type. `struct hlist_head` is one word with a chain of elements, for
 * hash tables. Neither locks; the _rcu verbs publish so that a reader under rcu_read_lock may walk
 * while one writer changes the list.
 */
#pragma once

#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/macros.h"
#include "lib/types.h"

struct list_head {
    struct list_head *next;
    struct list_head *prev;
};

#define LIST_INIT(name)                                                                            \
    {                                                                                              \
        &(name), &(name)                                                                           \
    }

/* Makes an empty list, or an element that is on no list. */
static inline void list_init(struct list_head *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct list_head *list)
{
    return READ_ONCE(list->next) == list;
}

/* Whether an element (initialised, or removed by list_remove) is on a list. */
static inline bool list_is_linked(const struct list_head *node)
{
    return !list_is_empty(node);
}

static inline void list_insert_between(struct list_head *node, struct list_head *prev,
                                       struct list_head *next)
{
    assert(prev->next == next && next->prev == prev);
    assert(node != prev && node != next);
    node->next = next;
    node->prev = prev;
    next->prev = node;
    __atomic_store_n(&prev->next, node, __ATOMIC_RELEASE);
}

static inline void list_add_head(struct list_head *list, struct list_head *node)
{
    list_insert_between(node, list, list->next);
}

static inline void list_add_tail(struct list_head *list, struct list_head *node)
{
    list_insert_between(node, list->prev, list);
}

/* Takes the element out and resets it, so that list_is_linked is false and a second removal is
 * harmless. */
static inline void list_remove(struct list_head *node)
{
    assert(node->prev->next == node && node->next->prev == node);
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

static inline void list_move_tail(struct list_head *list, struct list_head *node)
{
    list_remove(node);
    list_add_tail(list, node);
}

static inline void list_move_head(struct list_head *list, struct list_head *node)
{
    list_remove(node);
    list_add_head(list, node);
}

/* Moves all elements of `from` behind those of `list`, in order; `from` is empty afterwards. */
static inline void list_splice_tail(struct list_head *list, struct list_head *from)
{
    if (list_is_empty(from)) {
        return;
    }
    from->next->prev = list->prev;
    list->prev->next = from->next;
    from->prev->next = list;
    list->prev = from->prev;
    list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)

/* The list must not be empty. */
#define list_first_entry(list, type, member) list_entry((list)->next, type, member)
#define list_last_entry(list, type, member)  list_entry((list)->prev, type, member)

/* NULL where the list is empty. */
#define list_first_entry_or_null(list, type, member)                                               \
    (list_is_empty(list) ? (type *)NULL : list_first_entry(list, type, member))

#define list_next_entry(entry, member)                                                             \
    list_entry((entry)->member.next, __typeof__(*(entry)), member)

#define list_for_each_entry(entry, list, member)                                                   \
    for ((entry) = list_entry((list)->next, __typeof__(*(entry)), member);                         \
         &(entry)->member != (list); (entry) = list_next_entry(entry, member))

/* The body may remove and free the entry; `following` holds the one after it. */
#define list_for_each_entry_safe(entry, following, list, member)                                   \
    for ((entry) = list_entry((list)->next, __typeof__(*(entry)), member),                         \
        (following) = list_next_entry(entry, member);                                              \
         &(entry)->member != (list);                                                               \
         (entry) = (following), (following) = list_next_entry(following, member))

/* A writer adds with these (under its lock) where readers walk under RCU. */
static inline void list_add_head_rcu(struct list_head *list, struct list_head *node)
{
    list_add_head(list, node);
}

static inline void list_add_tail_rcu(struct list_head *list, struct list_head *node)
{
    list_add_tail(list, node);
}

#define list_add_rcu(list, node) list_add_tail_rcu(list, node)

/* Takes the element out but leaves its own links, so that a reader that stands on it goes on; free
 * it after a grace period. */
static inline void list_remove_rcu(struct list_head *node)
{
    assert(node->prev->next == node && node->next->prev == node);
    node->next->prev = node->prev;
    WRITE_ONCE(node->prev->next, node->next);
}

#define list_for_each_entry_rcu(entry, list, member)                                               \
    for ((entry) = list_entry(READ_ONCE((list)->next), __typeof__(*(entry)), member);              \
         &(entry)->member != (list);                                                               \
         (entry) = list_entry(READ_ONCE((entry)->member.next), __typeof__(*(entry)), member))

/* --- chains of a hash table --- */

struct hlist_node {
    struct hlist_node *next;
    struct hlist_node **link; /* the pointer that points here; NULL while on no chain */
};

struct hlist_head {
    struct hlist_node *first;
};

#define HLIST_INIT                                                                                 \
    {                                                                                              \
        NULL                                                                                       \
    }

static inline void hlist_init(struct hlist_head *head)
{
    head->first = NULL;
}

static inline void hlist_node_init(struct hlist_node *node)
{
    node->next = NULL;
    node->link = NULL;
}

static inline bool hlist_is_empty(const struct hlist_head *head)
{
    return READ_ONCE(head->first) == NULL;
}

static inline bool hlist_is_linked(const struct hlist_node *node)
{
    return node->link != NULL;
}

static inline void hlist_add_head(struct hlist_head *head, struct hlist_node *node)
{
    node->next = head->first;
    node->link = &head->first;
    if (node->next) {
        node->next->link = &node->next;
    }
    __atomic_store_n(&head->first, node, __ATOMIC_RELEASE);
}

static inline void hlist_add_head_rcu(struct hlist_head *head, struct hlist_node *node)
{
    hlist_add_head(head, node);
}

/* Takes the element out but leaves its next pointer for readers that stand on it; free it after a
 * grace period. */
static inline void hlist_remove_rcu(struct hlist_node *node)
{
    if (!node->link) {
        return;
    }
    assert(*node->link == node);
    WRITE_ONCE(*node->link, node->next);
    if (node->next) {
        node->next->link = node->link;
    }
    node->link = NULL;
}

/* Takes the element out and resets it; harmless on one that is on no chain. */
static inline void hlist_remove(struct hlist_node *node)
{
    hlist_remove_rcu(node);
    node->next = NULL;
}

#define hlist_entry_or_null(node, type, member)                                                    \
    ({                                                                                             \
        struct hlist_node *hlist_node_ = (node);                                                   \
        hlist_node_ ? container_of(hlist_node_, type, member) : (type *)NULL;                      \
    })

#define hlist_for_each_entry(entry, head, member)                                                  \
    for ((entry) = hlist_entry_or_null((head)->first, __typeof__(*(entry)), member); (entry);      \
         (entry) = hlist_entry_or_null((entry)->member.next, __typeof__(*(entry)), member))

/* The body may remove and free the entry; `following` is a struct hlist_node pointer. */
#define hlist_for_each_entry_safe(entry, following, head, member)                                  \
    for ((entry) = hlist_entry_or_null((head)->first, __typeof__(*(entry)), member);               \
         (entry) && ((following) = (entry)->member.next, true);                                    \
         (entry) = hlist_entry_or_null(following, __typeof__(*(entry)), member))

#define hlist_for_each_entry_rcu(entry, head, member)                                              \
    for ((entry) = hlist_entry_or_null(READ_ONCE((head)->first), __typeof__(*(entry)), member);    \
         (entry); (entry) = hlist_entry_or_null(READ_ONCE((entry)->member.next),                   \
                                                __typeof__(*(entry)), member))
