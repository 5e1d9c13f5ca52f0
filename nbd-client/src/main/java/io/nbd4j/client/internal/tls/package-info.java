/** TLS under a connection: putting the handlers into the pipeline, its end, telling its errors from others. */
@NullMarked
package io.nbd4j.client.internal.tls;

import org.jspecify.annotations.NullMarked;
