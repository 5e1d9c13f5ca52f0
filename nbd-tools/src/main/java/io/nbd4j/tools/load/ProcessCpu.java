package io.nbd4j.tools.load;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** The CPU time of this whole process: the client's threads, garbage collection and the JIT compiler together. */
final class ProcessCpu {
    private final OperatingSystemMXBean bean = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    long nanos() {
        return bean.getProcessCpuTime();
    }
}
