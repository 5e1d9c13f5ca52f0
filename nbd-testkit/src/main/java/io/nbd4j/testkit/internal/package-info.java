/** How the server and the helpers of the testkit are made. Not exported: it may change without notice. */
@NullMarked
package io.nbd4j.testkit.internal;

import org.jspecify.annotations.NullMarked;
