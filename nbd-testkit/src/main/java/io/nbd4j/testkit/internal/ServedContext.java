package io.nbd4j.testkit.internal;

import io.nbd4j.testkit.MetaContext;

/**
 * A meta context as clients see it.
 *
 * @param id stands for it in the transmission phase; each context of an export has another one
 * @param name with its namespace
 * @param context knows the extents
 */
record ServedContext(int id, String name, MetaContext context) {}
