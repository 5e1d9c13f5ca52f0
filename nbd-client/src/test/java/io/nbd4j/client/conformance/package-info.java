/**
 * The conformance suite of the client: each case of the protocol's requirements list as a test that carries its number, end
 * to end through the public API, over each transport, against a server whose every byte the test decides.
 */
@NullMarked
package io.nbd4j.client.conformance;

import org.jspecify.annotations.NullMarked;
