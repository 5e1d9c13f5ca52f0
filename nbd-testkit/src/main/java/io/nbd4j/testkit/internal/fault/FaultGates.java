package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.transcript.Transcript;
import io.netty.channel.ChannelPipeline;
import org.jspecify.annotations.Nullable;

/**
 * Makes the gates of a server's connections, if it needs any.
 *
 * @param faults what goes wrong on purpose
 * @param transcript {@code null} if none is kept
 */
public record FaultGates(FaultPlan faults, @Nullable Transcript transcript) {
    /** No faults, and no transcript: no gates. */
    public static final FaultGates NONE = new FaultGates(FaultPlan.of(), null);

    /** Adds a gate to a pipeline that has no other handlers yet. */
    public void addTo(ChannelPipeline pipeline) {
        if (!faults.isEmpty() || transcript != null) {
            pipeline.addLast(new FaultGate(faults, transcript, ServerSide.MAX_WAITING));
        }
    }
}
