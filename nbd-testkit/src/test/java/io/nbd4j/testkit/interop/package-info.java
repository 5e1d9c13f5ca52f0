/** What programs of other people make of the server: fio, QEMU, and libnbd, those of the system and newer ones. */
@NullMarked
package io.nbd4j.testkit.interop;

import org.jspecify.annotations.NullMarked;
