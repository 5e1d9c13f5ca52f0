package io.nbd4j.client.internal.connection;

import io.netty.channel.EventLoop;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** An event loop that the calling thread is not on unless the test says so, and whose tasks run in the order of the test. */
final class ManualLoop {
    final List<Runnable> tasks = new ArrayList<>();
    private boolean inside;

    /** Returns the loop; what it does not do by itself goes to {@code other}. */
    EventLoop inFrontOf(EventLoop other) {
        return (EventLoop) Proxy.newProxyInstance(
                EventLoop.class.getClassLoader(), new Class<?>[] {EventLoop.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("inEventLoop")) {
                        return inside;
                    }
                    if (method.getName().equals("execute")) {
                        tasks.add((Runnable) arguments[0]);
                        return null;
                    }
                    try {
                        return method.invoke(other, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getTargetException();
                    }
                });
    }

    /** Runs one of the tasks. */
    void run(int index) {
        inside = true;
        tasks.remove(index).run();
        inside = false;
    }

    /** Runs all tasks, those too that they add. */
    void runAll() {
        while (!tasks.isEmpty()) {
            run(0);
        }
    }
}
