// SPDX-License-Identifier: MIT
/*
 * For a static link with Debian 13's elfutils (0.192), whose libdw.a and libelf.a want
 * these names from a library that is not packaged. A tree is known by its root, its first
 * member; this command has one thread, so there is no lock. Weak: elsewhere unused.
 */
#include <search.h>
#include <stddef.h>

#define WEAK __attribute__((weak))

typedef int (*compare_fn)(const void *, const void *);
struct search_tree {
	void *root;
};

WEAK void eu_search_tree_init(struct search_tree *tree);
WEAK void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));
WEAK void *eu_tsearch(const void *key, struct search_tree *tree, compare_fn compare);
WEAK void *eu_tfind(const void *key, struct search_tree *tree, compare_fn compare);
WEAK void *eu_tdelete(const void *key, struct search_tree *tree, compare_fn compare);
WEAK void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *));

void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	eu_tdestroy(tree, free_node);
}

void *eu_tsearch(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tsearch(key, &tree->root, compare);
}

void *eu_tfind(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tfind(key, &tree->root, compare);
}

void *eu_tdelete(const void *key, struct search_tree *tree, compare_fn compare)
{
	return tdelete(key, &tree->root, compare);
}
