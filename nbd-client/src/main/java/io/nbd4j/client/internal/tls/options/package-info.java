/** Makes TLS layers of what the user has asked for: reads the files, and finds out whether the libraries are there. */
@NullMarked
package io.nbd4j.client.internal.tls.options;

import org.jspecify.annotations.NullMarked;
