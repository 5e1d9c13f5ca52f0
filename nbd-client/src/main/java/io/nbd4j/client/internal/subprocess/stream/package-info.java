/** The last rung: the JDK's own streams. It works everywhere. */
@NullMarked
package io.nbd4j.client.internal.subprocess.stream;

import org.jspecify.annotations.NullMarked;
