package dev.tollgate.dataplane.wal;

import dev.tollgate.dataplane.wal.LogRecord.Charge;
import dev.tollgate.dataplane.wal.LogRecord.Hold;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;

/**
 * Records as bytes: a type, then the fields in order, big-endian; a text has its length in two
 * bytes before it. A writer is used by one thread.
 */
final class LogCodec {

    private static final int TEXT_MAX = 0xFFFF;

    private byte[] bytes = new byte[512];
    private ByteBuffer buffer = ByteBuffer.wrap(bytes);

    /** The encoded record, valid until the next call: the array from 0 to {@link #length}. */
    byte[] encode(LogRecord record) {
        buffer.clear();
        switch (record) {
            case LogRecord.Boot(var epoch, var kernelBoot) ->
                    type(1).number(epoch).text(kernelBoot);
            case LogRecord.Acquire(var account, var request, var amount) ->
                    type(2).text(account).number(request).number(amount);
            case LogRecord.Grant(var account, var amount, var seq) ->
                    type(3).text(account).number(amount).number(seq);
            case LogRecord.Intent(var request, var attempt, var holds) -> {
                type(12).request(request).attempt(attempt).number(holds.size());
                for (var hold : holds) {
                    text(hold.account()).number(hold.nanos());
                }
            }
            case LogRecord.Settle(var intent, var cost, var assumed, var charges) -> {
                type(5).number(intent).number(cost).number(assumed ? 1 : 0).number(charges.size());
                for (var charge : charges) {
                    text(charge.account())
                            .number(charge.settledNanos())
                            .number(charge.overrunNanos());
                }
            }
            case LogRecord.Return(var account, var returned) ->
                    type(6).text(account).number(returned);
            case LogRecord.Close(var account, var epoch) -> type(7).text(account).number(epoch);
            case LogRecord.Forget(var account, var epoch) -> type(8).text(account).number(epoch);
            case LogRecord.Stop(var epoch) -> type(9).number(epoch);
            case LogRecord.Usage(var request, var json) -> type(13).text(request).blob(json);
            case LogRecord.Checkpoint(var state) -> type(14).blob(state);
        }
        return bytes;
    }

    int length() {
        return buffer.position();
    }

    /**
     * @throws IllegalArgumentException the bytes are no record
     */
    static LogRecord decode(ByteBuffer in) {
        try {
            var type = in.get();
            return switch (type) {
                case 1 -> new LogRecord.Boot(in.getLong(), readText(in));
                case 2 -> new LogRecord.Acquire(readText(in), in.getLong(), in.getLong());
                case 3 -> new LogRecord.Grant(readText(in), in.getLong(), in.getLong());
                case 4, 10, 11 ->
                        throw new IllegalArgumentException(
                                "of an earlier version: start with an empty directory, or finish"
                                        + " with the version that wrote it");
                case 5 -> settle(in);
                case 6 -> new LogRecord.Return(readText(in), in.getLong());
                case 7 -> new LogRecord.Close(readText(in), in.getLong());
                case 8 -> new LogRecord.Forget(readText(in), in.getLong());
                case 9 -> new LogRecord.Stop(in.getLong());
                case 12 -> intent(in);
                case 13 -> new LogRecord.Usage(readText(in), rest(in));
                case 14 -> new LogRecord.Checkpoint(rest(in));
                default -> throw new IllegalArgumentException("record type " + type);
            };
        } catch (java.nio.BufferUnderflowException e) {
            throw new IllegalArgumentException("record too short", e);
        }
    }

    private static LogRecord intent(ByteBuffer in) {
        var request = readRequest(in);
        var attempt = readAttempt(in);
        var count = Math.toIntExact(in.getLong());
        var holds = new ArrayList<Hold>();
        for (var i = 0; i < count; i++) {
            holds.add(new Hold(readText(in), in.getLong()));
        }
        return new LogRecord.Intent(request, attempt, holds);
    }

    private static LogRecord settle(ByteBuffer in) {
        var intent = in.getLong();
        var cost = in.getLong();
        var assumed = in.getLong() == 1;
        var count = Math.toIntExact(in.getLong());
        var charges = new ArrayList<Charge>();
        for (var i = 0; i < count; i++) {
            charges.add(new Charge(readText(in), in.getLong(), in.getLong()));
        }
        return new LogRecord.Settle(intent, cost, assumed, charges);
    }

    LogCodec request(LogRecord.Request request) {
        text(request.id()).number(request.timeMillis()).text(request.team()).text(request.caller());
        number(request.tags().size());
        request.tags().forEach((name, value) -> text(name).text(value));
        return text(request.dialect())
                .text(request.route())
                .text(request.strategy())
                .text(request.modelRequested())
                .number(request.stream() ? 1 : 0);
    }

    static LogRecord.Request readRequest(ByteBuffer in) {
        var id = readText(in);
        var timeMillis = in.getLong();
        var team = readText(in);
        var caller = readText(in);
        var count = in.getLong();
        var tags = new HashMap<String, String>();
        for (var i = 0L; i < count; i++) {
            tags.put(readText(in), readText(in));
        }
        return new LogRecord.Request(
                id,
                timeMillis,
                team,
                caller,
                tags,
                readText(in),
                readText(in),
                readText(in),
                readText(in),
                in.getLong() == 1);
    }

    LogCodec attempt(LogRecord.Try attempt) {
        return number(attempt.number())
                .text(attempt.provider())
                .text(attempt.model())
                .text(attempt.priceSource())
                .number(attempt.boundNanos());
    }

    static LogRecord.Try readAttempt(ByteBuffer in) {
        return new LogRecord.Try(
                Math.toIntExact(in.getLong()),
                readText(in),
                readText(in),
                readText(in),
                in.getLong());
    }

    private LogCodec type(int type) {
        room(1);
        buffer.put((byte) type);
        return this;
    }

    LogCodec number(long number) {
        room(8);
        buffer.putLong(number);
        return this;
    }

    LogCodec text(String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        if (utf8.length > TEXT_MAX) {
            throw new IllegalArgumentException(
                    "text of " + utf8.length + " bytes (expected: <= " + TEXT_MAX + ")");
        }
        room(2 + utf8.length);
        buffer.putShort((short) utf8.length).put(utf8);
        return this;
    }

    private LogCodec blob(byte[] blob) {
        room(blob.length);
        buffer.put(blob);
        return this;
    }

    static String readText(ByteBuffer in) {
        var utf8 = new byte[in.getShort() & TEXT_MAX];
        in.get(utf8);
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static byte[] rest(ByteBuffer in) {
        var rest = new byte[in.remaining()];
        in.get(rest);
        return rest;
    }

    byte[] copy() {
        return Arrays.copyOf(bytes, length());
    }

    private void room(int more) {
        if (buffer.remaining() < more) {
            var position = buffer.position();
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, position + more));
            buffer = ByteBuffer.wrap(bytes);
            buffer.position(position);
        }
    }
}
