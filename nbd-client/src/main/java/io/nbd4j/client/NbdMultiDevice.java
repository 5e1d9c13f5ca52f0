package io.nbd4j.client;

import java.util.List;

/**
 * Several connections to one export, used as one device: see {@link NbdClientBuilder#connectMulti}.
 *
 * <p>What {@link NbdDevice} says holds here too, with these differences:
 *
 * <ul>
 *   <li>Each command goes to the connection that has the fewest in flight. The bounds on what is in flight are those of each
 *       connection.
 *   <li>{@link #flush} is sent once all writes (also trims and zeroes) are answered that were submitted before it, on whatever
 *       connection, so it covers them all. Later writes do not wait for it.
 *   <li>If a connection is lost, its requests fail, each with its fate, and the device goes on with the others: nothing is sent
 *       again by itself. When none is left, commands fail.
 *   <li>{@link #closeAsync} first lets each flush that waits for writes be sent, if that is within the time of
 *       {@link NbdClientBuilder#drainTimeout}, then closes the connections, each as it is closed alone.
 *   <li>The connections may have different event loops. What takes more than one of them ({@link #flush}, a step of a walk,
 *       {@link #closeAsync}) refuses to be waited for on each.
 * </ul>
 *
 * <p>Not to be implemented outside of this library.
 */
public interface NbdMultiDevice extends NbdDevice {
    /**
     * Returns the connections, in the order in which they were made, those included that have ended. They are for their facts
     * and statistics: commands that are given to one of them directly are unknown to {@link #flush}.
     */
    List<NbdClient> connections();
}
