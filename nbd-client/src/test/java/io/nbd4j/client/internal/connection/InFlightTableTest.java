package io.nbd4j.client.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.ProtocolViolationException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class InFlightTableTest {
    @AutoClose
    private final Rig rig = Rig.structured();

    private Command<?> command() {
        return new PlainCommand(rig.connection, CommandType.FLUSH, 0, 0, 0);
    }

    private List<Command<?>> fill(InFlightTable table, int count) {
        List<Command<?>> commands = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Command<?> command = command();
            table.add(command);
            commands.add(command);
        }
        return commands;
    }

    @Test
    void growsUpToItsMaximumAndFindsEachCommand() {
        // Given
        InFlightTable table = new InFlightTable(1000);

        // When
        List<Command<?>> commands = fill(table, 1000);

        // Then
        assertThat(table.isFull()).isTrue();
        assertThat(table.size()).isEqualTo(1000);
        Set<Long> cookies = new HashSet<>();
        for (Command<?> command : commands) {
            assertThat(table.get(command.cookie)).isSameAs(command);
            cookies.add(command.cookie);
        }
        assertThat(cookies).hasSize(1000);
        table.remove(commands.get(500));
        assertThat(table.isFull()).isFalse();
    }

    @Test
    void neverGivesACookieTwice() {
        // Given
        InFlightTable table = new InFlightTable(3);
        Set<Long> cookies = new HashSet<>();

        // When // Then
        for (int i = 0; i < 10_000; i++) {
            Command<?> command = command();
            table.add(command);
            assertThat(cookies.add(command.cookie)).isTrue();
            table.remove(command);
        }
        assertThat(table.size()).isZero();
    }

    @Test
    void tellsASecondAnswerFromOneThatNobodyAskedFor() {
        // Given
        InFlightTable table = new InFlightTable(100);
        Command<?> first = command();
        table.add(first);
        table.remove(first);
        Command<?> second = command();
        table.add(second);

        // When // Then
        assertThat((int) second.cookie).as("the slot is used again").isEqualTo((int) first.cookie);
        assertThat(table.get(second.cookie)).isSameAs(second);
        assertRefused(table, first.cookie, "a second answer");
        assertRefused(table, second.cookie + (1L << 32), "never sent");
        assertRefused(table, second.cookie + 1, "never sent");
        assertRefused(table, 0, "never sent");
        assertRefused(table, 1L << 32 | 16, "never sent");
        assertRefused(table, 1L << 32 | 0x8000_0000L, "never sent");
        assertRefused(table, -1, "never sent");
    }

    private static void assertRefused(InFlightTable table, long cookie, String why) {
        assertThatExceptionOfType(ProtocolViolationException.class)
                .isThrownBy(() -> table.get(cookie))
                .withMessageContaining(why);
    }

    @Test
    void givesAllCommandsOutAtTheEnd() {
        // Given
        InFlightTable table = new InFlightTable(100);
        List<Command<?>> commands = fill(table, 40);
        table.remove(commands.remove(7));

        // When
        Command<?>[] all = table.removeAll();

        // Then
        assertThat(Stream.of(all).filter(Objects::nonNull)).hasSize(39).containsAll(commands);
        assertThat(table.size()).isZero();
        assertRefused(table, commands.get(0).cookie, "a second answer");
        List<Command<?>> later = fill(table, 100);
        assertThat(table.get(later.get(99).cookie)).isSameAs(later.get(99));
    }
}
