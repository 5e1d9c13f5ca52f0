package io.nbd4j.client.internal.subprocess.socketpair;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The functions of libc that starting a child needs, as C declares them; a pointer is a {@code long}.
 *
 * <p>Unlike in C, a function that sets errno returns it negated instead of -1. The {@code posix_spawn} family does not
 * set errno: it returns 0 or a positive error number, here too. May be called from any thread. No function here has more than six
 * arguments or any but integers and pointers: {@code ForeignLibc} builds on that.
 */
interface Libc {
    /** What is bound to a method. */
    @Retention(RetentionPolicy.RUNTIME)
    @Target(ElementType.METHOD)
    @interface Symbol {
        /** The name in libc. */
        String value();

        /** Whether -1 means that errno says why. */
        boolean setsErrno() default false;
    }

    /** Returns the address of the variable {@code environ}. */
    long environ();

    @Symbol("strlen")
    long strlen(long string);

    @Symbol(value = "socketpair", setsErrno = true)
    int socketpair(int domain, int type, int protocol, long descriptors);

    @Symbol(value = "pipe2", setsErrno = true)
    int pipe2(long descriptors, int flags);

    @Symbol(value = "fcntl", setsErrno = true)
    int fcntl(int descriptor, int command, int argument);

    @Symbol(value = "setsockopt", setsErrno = true)
    int setsockopt(int descriptor, int level, int name, long value, int length);

    @Symbol(value = "close", setsErrno = true)
    int close(int descriptor);

    @Symbol(value = "kill", setsErrno = true)
    int kill(int pid, int signal);

    @Symbol(value = "waitid", setsErrno = true)
    int waitid(int idType, int id, long info, int options);

    @Symbol(value = "syscall", setsErrno = true)
    long syscall(long number, long first, long second);

    @Symbol("posix_spawn")
    int posixSpawn(long pid, long path, long fileActions, long attributes, long argv, long environment);

    @Symbol("posix_spawn_file_actions_init")
    int fileActionsInit(long fileActions);

    @Symbol("posix_spawn_file_actions_destroy")
    int fileActionsDestroy(long fileActions);

    @Symbol("posix_spawn_file_actions_adddup2")
    int fileActionsAddDup2(long fileActions, int from, int to);

    @Symbol("posix_spawn_file_actions_addopen")
    int fileActionsAddOpen(long fileActions, int descriptor, long path, int flags, int mode);

    @Symbol("posix_spawn_file_actions_addclosefrom_np")
    int fileActionsAddCloseFrom(long fileActions, int from);

    @Symbol("posix_spawn_file_actions_addchdir_np")
    int fileActionsAddChdir(long fileActions, long path);

    @Symbol("posix_spawnattr_init")
    int attributesInit(long attributes);

    @Symbol("posix_spawnattr_destroy")
    int attributesDestroy(long attributes);

    @Symbol("posix_spawnattr_setflags")
    int attributesSetFlags(long attributes, short flags);

    @Symbol("posix_spawnattr_setsigmask")
    int attributesSetSigmask(long attributes, long signals);

    @Symbol("posix_spawnattr_setsigdefault")
    int attributesSetSigdefault(long attributes, long signals);
}
