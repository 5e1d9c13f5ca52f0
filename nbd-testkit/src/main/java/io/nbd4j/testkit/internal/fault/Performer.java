package io.nbd4j.testkit.internal.fault;

import io.nbd4j.testkit.fault.FaultPlan;
import io.nbd4j.testkit.fault.FaultRule;
import io.nbd4j.testkit.fault.Stage;
import io.nbd4j.testkit.transcript.ServerMessage;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does what faults have made of answers, in its time. Confined to the connection's event loop. */
final class Performer {
    private final ChannelHandlerContext ctx;
    private final FaultPlan plan;
    private final Tap tap;
    private final Outlet outlet;

    private final ArrayDeque<Script> awaitBoundary = new ArrayDeque<>();
    private final List<Script> awaitAnswers = new ArrayList<>();
    private final List<Later> laters = new ArrayList<>();
    private final List<Runnable> barriers = new ArrayList<>();
    private long waitingBytes;

    Performer(ChannelHandlerContext ctx, FaultPlan plan, Tap tap, Outlet outlet) {
        this.ctx = ctx;
        this.plan = plan;
        this.tap = tap;
        this.outlet = outlet;
    }

    /** Returns how many bytes wait for their time. */
    long waitingBytes() {
        return waitingBytes;
    }

    /** Gives an answer to the fault of a rule. Does not flush what leaves at once. */
    void spoil(FaultRule rule, List<Message> answer) {
        Effect effect = AnswerFaults.apply(rule.fault(), answer);
        if (effect.objection() == null) {
            plan.applied(rule);
            perform(rule, effect.emissions());
        } else {
            plan.inapplicable(rule, effect.objection());
            start(new Script(null, rule.matcher().stage(), effect.emissions()));
        }
    }

    /** Does what a rule demands, which is counted already. Does not flush what leaves at once. */
    void perform(FaultRule rule, List<Emission> emissions) {
        if (emissions.isEmpty()) {
            tap.server(new ServerMessage.Nothing(), rule);
        }
        start(new Script(rule, rule.matcher().stage(), emissions));
    }

    private void start(Script script) {
        waitingBytes += script.bytes;
        run(script);
    }

    private void run(Script script) {
        while (script.hasNext() && !outlet.isClosed()) {
            Emission next = script.peek();
            boolean leaves = next instanceof Emission.Send || next instanceof Emission.End;
            if (leaves && !outlet.isAtBoundary()) {
                awaitBoundary.addLast(script);
                return;
            }
            script.advance();
            if (next instanceof Emission.Send send) {
                outlet.append(send.message().bytes());
                tap.server(send.message().facts(), script.rule);
            } else if (next instanceof Emission.End end) {
                tap.serverEnds(script.rule);
                outlet.end(end.how());
            } else if (next instanceof Emission.Pause pause) {
                after(pause.time(), () -> run(script));
                return;
            } else if (next instanceof Emission.Await hold) {
                when(hold.hold().await(), () -> run(script));
                return;
            } else if (next instanceof Emission.AwaitAnswers answers) {
                script.answersLeft = answers.answers();
                awaitAnswers.add(script);
                return;
            }
        }
        waitingBytes -= script.bytes;
        if (script.stage == Stage.COMMAND && script.bytes > 0) {
            answerLeft();
        }
    }

    /** Runs a task on the event loop after a while, unless the connection ends before. Flushes what it sends. */
    void after(Duration time, Runnable task) {
        Later later = new Later(task, true);
        Future<?> timer = ctx.executor().schedule(later, time.toNanos(), TimeUnit.NANOSECONDS);
        later.cancel = () -> timer.cancel(false);
    }

    /** Runs a task on the event loop when the hold is over, unless the connection ends before. Flushes what it sends. */
    void when(CompletableFuture<Void> hold, Runnable task) {
        Later later = new Later(task, false);
        later.cancel = () -> hold.cancel(false);
        hold.whenComplete((nothing, cancelled) -> {
            if (cancelled == null) {
                ctx.executor().execute(later);
            }
        });
    }

    private void runAndFlush(Runnable task) {
        task.run();
        outlet.flush();
        passBarriers();
    }

    /** A message is complete: what waits for that may leave. */
    void atBoundary() {
        for (int i = awaitBoundary.size(); i > 0; i--) {
            run(awaitBoundary.removeFirst());
        }
        passBarriers();
    }

    /** The answer to a command has left. */
    void answerLeft() {
        List<Script> ready = new ArrayList<>();
        for (Script script : awaitAnswers) {
            script.answersLeft--;
            if (script.answersLeft == 0) {
                ready.add(script);
            }
        }
        awaitAnswers.removeAll(ready);
        ready.forEach(this::run);
    }

    /** The server has said its last: runs a task once what only waits for time or for other answers has left. */
    void barrier(Runnable task) {
        List<Script> last = List.copyOf(awaitAnswers);
        awaitAnswers.clear();
        last.forEach(this::run);
        barriers.add(task);
        passBarriers();
    }

    private void passBarriers() {
        if (outlet.isClosed() || (awaitBoundary.isEmpty() && laters.stream().noneMatch(later -> later.timed))) {
            List<Runnable> passed = List.copyOf(barriers);
            barriers.clear();
            passed.forEach(Runnable::run);
        }
    }

    /** The connection is gone. */
    void cancel() {
        List<Later> forgotten = List.copyOf(laters);
        laters.clear();
        forgotten.forEach(later -> later.cancel.run());
        awaitBoundary.clear();
        awaitAnswers.clear();
        passBarriers();
    }

    /** A task for later. */
    private final class Later implements Runnable {
        private final Runnable task;
        private final boolean timed;
        private Runnable cancel = () -> {};

        Later(Runnable task, boolean timed) {
            this.task = task;
            this.timed = timed;
            laters.add(this);
        }

        @Override
        public void run() {
            if (laters.remove(this)) { // Or the connection is gone.
                runAndFlush(task);
            }
        }
    }

    /** Emissions, and how far they have come. Each script is only itself. */
    private static final class Script {
        final @Nullable FaultRule rule;
        final Stage stage;
        final List<Emission> emissions;
        final long bytes;
        int next;
        int answersLeft;

        Script(@Nullable FaultRule rule, Stage stage, List<Emission> emissions) {
            this.rule = rule;
            this.stage = stage;
            this.emissions = emissions;
            this.bytes = emissions.stream()
                    .mapToLong(emission -> emission instanceof Emission.Send send
                            ? send.message().bytes().length
                            : 0)
                    .sum();
        }

        boolean hasNext() {
            return next < emissions.size();
        }

        Emission peek() {
            return emissions.get(next);
        }

        void advance() {
            next++;
        }
    }
}
