package io.nbd4j.testkit.fault;

import io.nbd4j.codec.CommandFlag;
import io.nbd4j.codec.CommandType;
import io.nbd4j.codec.NbdError;
import io.nbd4j.codec.handshake.OptionReplyType;
import io.nbd4j.codec.handshake.OptionType;
import io.nbd4j.testkit.fault.FaultLexer.Token;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.function.LongFunction;
import java.util.function.Supplier;

/** Reads the text form of a rule: {@code on WHAT WHEN: FAULT}. */
final class FaultParser {
    private static final String WHATS = "CONNECT, OPTION, COMMAND, an option such as GO or a command such as READ";
    private static final String WHENS = "'nth N', 'always' or 'rate P seed S'";
    private static final String FAULTS = "refuse, delay, hold, silence, drop, reset, half-close, truncate, wrong,"
            + " oversized, reorder, duplicate, split, merge, overlap, omit, error, unknown, plaintext or append";

    private final FaultLexer in;

    private FaultParser(FaultLexer in) {
        this.in = in;
    }

    /** @throws IllegalArgumentException if the text is no rule */
    static FaultRule parse(String text) {
        return new FaultParser(new FaultLexer(text)).rule();
    }

    private FaultRule rule() {
        in.require("on");
        Token what = in.word(WHATS);
        Matcher matcher = matcher(what);
        Schedule schedule = schedule();
        in.require(":");
        Token start = in.word("a fault: " + FAULTS);
        Fault fault = fault(start, matcher.stage() == Stage.OPTION);
        in.requireEnd();
        return located(start, () -> new FaultRule(matcher, schedule, fault));
    }

    private Matcher matcher(Token what) {
        String name = what.text().toUpperCase(Locale.ROOT);
        return switch (name) {
            case "CONNECT" -> Matcher.connect();
            case "OPTION" -> export(Matcher.anyOption());
            case "COMMAND" -> rangeAndFlags(Matcher.anyCommand());
            default -> named(what, name);
        };
    }

    private Matcher named(Token what, String name) {
        for (OptionType type : OptionType.values()) {
            if (type != OptionType.UNKNOWN && type.name().equals(name)) {
                return export(Matcher.option(type));
            }
        }
        for (CommandType type : CommandType.values()) {
            if (type != CommandType.UNKNOWN && type.name().equals(name)) {
                return rangeAndFlags(Matcher.command(type));
            }
        }
        throw in.error(what, "'" + what.text() + "' is none of " + WHATS);
    }

    private Matcher export(Matcher.Option option) {
        return in.takeIf("export") ? option.export(in.quoted(false)) : option;
    }

    private Matcher rangeAndFlags(Matcher.Command start) {
        Matcher.Command command = start;
        if (in.takeIf("at")) {
            Token range = in.word("a range such as 4096+512");
            int plus = range.text().indexOf('+');
            if (plus < 0) {
                throw in.error(range, "'" + range.text() + "' is no range such as 4096+512");
            }
            long offset = size(range, range.text().substring(0, plus));
            long length = size(range, range.text().substring(plus + 1));
            Matcher.Command anywhere = command;
            command = located(range, () -> anywhere.at(offset, length));
        }
        int flags = 0;
        while (in.takeIf("with")) {
            flags |= enumConstant(CommandFlag.class, in.word("a command flag")).bit();
        }
        return new Matcher.Command(command.type(), command.range(), flags);
    }

    private Schedule schedule() {
        Token when = in.word(WHENS);
        switch (when.text().toLowerCase(Locale.ROOT)) {
            case "nth" -> {
                return number("a number from 1", Schedule.Nth::new);
            }
            case "always" -> {
                return new Schedule.Always();
            }
            case "rate" -> {
                Token rate = in.word("a rate, above 0 and at most 1");
                in.require("seed");
                long seed = number("a seed", value -> value);
                return located(rate, () -> new Schedule.Rate(fraction(rate), seed));
            }
            default -> throw in.error(when, "'" + when.text() + "' is none of " + WHENS);
        }
    }

    private double fraction(Token token) {
        try {
            return Double.parseDouble(token.text());
        } catch (NumberFormatException e) {
            throw in.error(token, "'" + token.text() + "' is no number");
        }
    }

    private Fault fault(Token start, boolean ofOption) {
        return switch (start.text().toLowerCase(Locale.ROOT)) {
            case "refuse" -> refuse(ofOption);
            case "delay" -> delay();
            case "hold" -> new Hold();
            case "silence" -> new Silence();
            case "drop" -> new Drop();
            case "reset" -> new Reset();
            case "half-close" -> new HalfClose();
            case "truncate" -> number("a number of bytes", Truncate::new);
            case "wrong" -> wrong();
            case "oversized" -> oversized();
            case "reorder" -> number("a number of answers", answers -> new Reorder(Math.toIntExact(answers)));
            case "duplicate" -> new Duplicate();
            case "split" -> number("a number of bytes", bytes -> new SplitChunks(Math.toIntExact(bytes)));
            case "merge" -> new MergeChunks();
            case "overlap" -> new OverlapChunks();
            case "omit" -> new OmitChunk();
            case "error" -> errorAfterData();
            case "unknown" -> unknown();
            case "plaintext" -> new PlaintextBehindAck();
            case "append" -> append();
            default -> throw in.error(start, "'" + start.text() + "' is no fault; there are " + FAULTS);
        };
    }

    private Fault refuse(boolean ofOption) {
        Token error = in.word("an error such as EIO or ERR_POLICY");
        String message = in.quoted(true);
        String name = error.text().toUpperCase(Locale.ROOT);
        if (name.startsWith("ERR_")) {
            int type = enumConstant(OptionReplyType.class, error).wire();
            return located(error, () -> new RefuseOption(type, message));
        }
        if (ofOption && isNumber(error)) {
            return located(error, () -> new RefuseOption((int) integer(error), message));
        }
        return located(error, () -> new RefuseCommand(errno(error), message));
    }

    private int errno(Token token) {
        return isNumber(token)
                ? (int) integer(token)
                : enumConstant(NbdError.class, token).wire();
    }

    private Fault delay() {
        Token time = in.word("a time such as 200ms");
        String text = time.text().toLowerCase(Locale.ROOT);
        int digits = 0;
        while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
            digits++;
        }
        long unit = switch (text.substring(digits)) {
            case "s" -> 1_000_000_000L;
            case "ms" -> 1_000_000L;
            case "us" -> 1000L;
            case "ns" -> 1L;
            default -> 0;
        };
        if (unit == 0 || digits == 0 || digits > 9) {
            throw in.error(time, "'" + time.text() + "' is no time such as 200ms or 2s");
        }
        long nanos = Long.parseLong(text.substring(0, digits)) * unit;
        return located(time, () -> new Delay(Duration.ofNanos(nanos)));
    }

    private Fault wrong() {
        Token what = in.word("cookie, magic or length");
        return switch (what.text().toLowerCase(Locale.ROOT)) {
            case "cookie" -> new WrongCookie();
            case "magic" -> new WrongMagic();
            case "length" -> number("a difference such as +8", by -> new WrongLength(Math.toIntExact(by)));
            default -> throw in.error(what, "'" + what.text() + "' is none of cookie, magic or length");
        };
    }

    private Fault oversized() {
        in.require("length");
        return in.isAtEnd() ? new OversizedLength(OversizedLength.DEFAULT) : number("a length", OversizedLength::new);
    }

    private Fault errorAfterData() {
        in.require("after");
        in.require("data");
        Token error = in.word("an error such as EIO");
        String message = in.quoted(true);
        return located(error, () -> new ErrorAfterData(errno(error), message));
    }

    private Fault unknown() {
        Token what = in.word("chunk, reply or info");
        Token type = in.word("a type, a number");
        int number = (int) integer(type);
        int length = in.takeIf("length") ? number("a length", Math::toIntExact) : 4;
        return located(type, () -> switch (what.text().toLowerCase(Locale.ROOT)) {
            case "chunk" -> new UnknownChunk(number, length);
            case "reply" -> new UnknownOptionReply(number, length);
            case "info" -> new UnknownInfo(number, length);
            default -> throw in.error(what, "'" + what.text() + "' is none of chunk, reply or info");
        });
    }

    private Fault append() {
        Token hex = in.word("bytes as hexadecimal digits");
        return located(
                hex, () -> new Append(HexFormat.of().formatHex(HexFormat.of().parseHex(hex.text()))));
    }

    private <T> T number(String what, LongFunction<T> use) {
        Token token = in.word(what);
        return located(token, () -> use.apply(integer(token)));
    }

    private static boolean isNumber(Token token) {
        return Character.isDigit(token.text().charAt(0));
    }

    /** Reads a decimal or, behind 0x, an unsigned hexadecimal number. */
    private long integer(Token token) {
        try {
            String text = token.text();
            return text.startsWith("0x") || text.startsWith("0X")
                    ? Long.parseUnsignedLong(text.substring(2), 16)
                    : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw in.error(token, "'" + token.text() + "' is no number");
        }
    }

    /** Reads a number that may end in k, m, g or t, powers of 1024. */
    private long size(Token token, String text) {
        int shift =
                text.isEmpty() ? 0 : 10 * ("kmgt".indexOf(Character.toLowerCase(text.charAt(text.length() - 1))) + 1);
        try {
            long number = Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1));
            if (number >= 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        } catch (NumberFormatException e) {
            // It is as wrong as a number that is out of range.
        }
        throw in.error(token, "'" + text + "' is no number of bytes");
    }

    private <E extends Enum<E>> E enumConstant(Class<E> type, Token token) {
        String name = token.text().toUpperCase(Locale.ROOT);
        for (E constant : type.getEnumConstants()) {
            if (constant.name().equals(name) && !name.startsWith("UNKNOWN")) {
                return constant;
            }
        }
        throw in.error(token, "'" + token.text() + "' is none of " + names(type));
    }

    private static <E extends Enum<E>> String names(Class<E> type) {
        StringBuilder names = new StringBuilder();
        for (E constant : type.getEnumConstants()) {
            boolean error = type != OptionReplyType.class || constant.name().startsWith("ERR_");
            if (error && !constant.name().startsWith("UNKNOWN")) {
                names.append(names.isEmpty() ? "" : ", ").append(constant.name());
            }
        }
        return names.toString();
    }

    /** Adds the place to what a value objects to. */
    private <T> T located(Token token, Supplier<T> made) {
        try {
            return made.get();
        } catch (IllegalArgumentException | ArithmeticException e) {
            String problem = String.valueOf(e.getMessage());
            throw problem.startsWith("fault rule '") ? e : in.error(token, problem);
        }
    }
}
