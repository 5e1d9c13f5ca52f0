/** What every transport has to do alike: contracts, run against real servers, with one small subclass for each transport. */
@NullMarked
package io.nbd4j.client.contract;

import org.jspecify.annotations.NullMarked;
