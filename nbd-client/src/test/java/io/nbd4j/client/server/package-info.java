/** The client against servers of other projects, with other programs as witnesses. */
@NullMarked
package io.nbd4j.client.server;

import org.jspecify.annotations.NullMarked;
