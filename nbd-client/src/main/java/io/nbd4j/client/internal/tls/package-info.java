/**
 * TLS under a connection: making contexts of the user's options, putting the handler into the pipeline, telling its errors from
 * others.
 */
@NullMarked
package io.nbd4j.client.internal.tls;

import org.jspecify.annotations.NullMarked;
