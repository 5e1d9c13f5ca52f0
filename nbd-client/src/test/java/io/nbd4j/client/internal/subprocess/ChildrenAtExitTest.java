package io.nbd4j.client.internal.subprocess;

import static org.assertj.core.api.Assertions.assertThat;

import io.nbd4j.client.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChildrenAtExitTest {
    private final List<Runnable> hooks = new ArrayList<>();
    private final ChildrenAtExit children = new ChildrenAtExit(hooks::add);

    @Test
    void addsOneHookForAllChildren() {
        // When
        for (int i = 0; i < 3; i++) {
            children.add(new FakeChild(true));
        }

        // Then
        assertThat(hooks).hasSize(1);
    }

    @Test
    void addsNoHookWithoutChildren() {
        // When // Then
        assertThat(hooks).isEmpty();
    }

    @Test
    void forgetsAChildThatEnded() {
        // Given
        FakeChild child = new FakeChild(true);
        children.add(child);

        // When
        child.end(ExitStatus.exited(0));

        // Then
        assertThat(children.size()).isZero();
        hooks.get(0).run();
        assertThat(child.calls()).isEmpty();
    }

    @Test
    void asksFirstAndKillsWhatStays() {
        // Given
        FakeChild polite = new FakeChild(true);
        FakeChild stubborn = new FakeChild(false);
        children.add(polite);
        children.add(stubborn);

        // When
        hooks.get(0).run();

        // Then
        assertThat(polite.calls()).first().isEqualTo("terminate");
        assertThat(polite.calls()).last().isEqualTo("remove files");
        assertThat(stubborn.calls()).containsExactly("terminate", "kill", "remove files");
        assertThat(children.size()).isZero();
    }

    @Test
    void endsAChildThatCameAfterTheHookRan() {
        // Given
        children.add(new FakeChild(true));
        hooks.get(0).run();
        FakeChild late = new FakeChild(true);

        // When
        children.add(late);

        // Then
        assertThat(late.calls()).containsExactly("terminate", "remove files");
    }

    @Test
    void endsAChildAtOnceWhenNoHookCanBeAddedAnyMore() {
        // Given
        ChildrenAtExit tooLate = new ChildrenAtExit(hook -> false);
        FakeChild first = new FakeChild(true);
        FakeChild second = new FakeChild(true);

        // When
        tooLate.add(first);
        tooLate.add(second);

        // Then
        assertThat(first.calls()).containsExactly("terminate", "remove files");
        assertThat(second.calls()).containsExactly("terminate", "remove files");
        assertThat(tooLate.size()).isZero();
    }
}
