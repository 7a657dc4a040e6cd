package dev.tollgate.policy.budget;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * An account as canonical JSON: members sorted, no blanks, integers only. Equal accounts have equal
 * bytes. A reader ignores members that it does not know, so that an older version can read it.
 */
public final class AccountJson {

    private static final JsonFactory FACTORY = new JsonFactory();
    private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY);

    private AccountJson() {}

    public static byte[] write(Account account) {
        var bytes = new ByteArrayOutputStream(512);
        try (var json = FACTORY.createGenerator(bytes)) {
            json.writeStartObject();
            if (!account.closed().isEmpty()) {
                json.writeArrayFieldStart("closed");
                for (var holder : account.closed()) {
                    json.writeString(holder.toString());
                }
                json.writeEndArray();
            }
            json.writeNumberField("epoch", account.epoch());
            var frozenAtSeq = account.frozenAtSeq();
            if (frozenAtSeq != null) {
                json.writeNumberField("frozenAtSeq", frozenAtSeq);
            }
            json.writeObjectFieldStart("key");
            json.writeStringField("name", account.key().name());
            json.writeStringField("namespace", account.key().namespace());
            json.writeStringField("subject", account.key().subject());
            writeInstant(json, "windowEnd", account.key().window().end());
            writeInstant(json, "windowStart", account.key().window().start());
            json.writeEndObject();
            json.writeArrayFieldStart("leases");
            for (var lease : account.leases()) {
                write(json, lease);
            }
            json.writeEndArray();
            json.writeNumberField("limitMicros", account.limitMicros());
            json.writeNumberField("overrunMicros", account.overrunMicros());
            writeInstant(json, "resetAt", account.resetAt());
            if (account.resetMicros() != 0) {
                json.writeNumberField("resetMicros", account.resetMicros());
            }
            json.writeNumberField("seq", account.seq());
            json.writeNumberField("settledMicros", account.settledMicros());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /**
     * @throws IllegalArgumentException the bytes are no account
     */
    public static Account read(byte[] json) {
        try {
            var root = MAPPER.readTree(json);
            var leases = new ArrayList<LeaseAccount>();
            for (var lease : array(root, "leases")) {
                leases.add(lease(lease));
            }
            var closed = new ArrayList<HolderId>();
            if (root.has("closed")) {
                for (var holder : array(root, "closed")) {
                    closed.add(HolderId.parse(holder.asText()));
                }
            }
            return new Account(
                    accountKey(root.path("key")),
                    number(root, "limitMicros"),
                    number(root, "settledMicros"),
                    number(root, "overrunMicros"),
                    root.has("resetMicros") ? number(root, "resetMicros") : 0,
                    instant(root, "resetAt"),
                    number(root, "seq"),
                    number(root, "epoch"),
                    leases,
                    closed,
                    root.has("frozenAtSeq") ? (Long) number(root, "frozenAtSeq") : null);
        } catch (IOException | RuntimeException e) {
            throw new IllegalArgumentException("account: unreadable: " + e.getMessage(), e);
        }
    }

    /**
     * What can be told of bytes that are no account, as far as they are JSON.
     *
     * @param key which one it should be; null: that cannot be told
     * @param epoch of the ledger that wrote it; 0: that cannot be told
     */
    public record Told(@Nullable AccountKey key, long epoch) {}

    public static Told told(byte[] json) {
        AccountKey key = null;
        long epoch = 0;
        try (var parser = MAPPER.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return new Told(null, 0);
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var name = parser.currentName();
                parser.nextToken();
                switch (name) {
                    case "key" -> key = keyOrNull(parser.readValueAsTree());
                    case "epoch" -> epoch = epochOrZero(parser.readValueAsTree());
                    default -> parser.skipChildren();
                }
            }
        } catch (IOException e) {
            return new Told(key, epoch); // the rest is not JSON
        }
        return new Told(key, epoch);
    }

    private static @Nullable AccountKey keyOrNull(JsonNode key) {
        try {
            return accountKey(key);
        } catch (RuntimeException e) { // whatever somebody has written there
            return null;
        }
    }

    private static long epochOrZero(JsonNode epoch) {
        boolean is = epoch.isIntegralNumber() && epoch.canConvertToLong();
        return is && epoch.asLong() > 0 && epoch.asLong() <= Account.MAX_MICROS
                ? epoch.asLong()
                : 0;
    }

    private static AccountKey accountKey(JsonNode key) {
        return new AccountKey(
                text(key, "namespace"),
                text(key, "name"),
                text(key, "subject"),
                new Window(instant(key, "windowStart"), instant(key, "windowEnd")));
    }

    private static void write(JsonGenerator json, LeaseAccount lease) throws IOException {
        json.writeStartObject();
        json.writeNumberField("amountMicros", lease.amountMicros());
        json.writeStringField("holder", lease.holder().toString());
        json.writeNumberField("lastAcquire", lease.lastAcquire());
        json.writeNumberField("overrunMicros", lease.overrunMicros());
        if (lease.state() == LeaseAccount.State.RECLAIMED) {
            json.writeNumberField("reclaimedMicros", lease.reclaimedMicros());
        }
        json.writeNumberField("returnedMicros", lease.returnedMicros());
        json.writeNumberField("settledMicros", lease.settledMicros());
        json.writeStringField(
                "state",
                switch (lease.state()) {
                    case OPEN -> "Open";
                    case SUSPECT -> "Suspect";
                    case RECLAIMED -> "Reclaimed";
                });
        json.writeEndObject();
    }

    private static LeaseAccount lease(JsonNode json) {
        var state = state(text(json, "state"));
        var returned = number(json, "returnedMicros");
        var reclaimed = state == LeaseAccount.State.RECLAIMED ? returned : 0;
        return new LeaseAccount(
                HolderId.parse(text(json, "holder")),
                number(json, "amountMicros"),
                number(json, "settledMicros"),
                returned,
                number(json, "overrunMicros"),
                number(json, "lastAcquire"),
                state,
                json.has("reclaimedMicros") ? number(json, "reclaimedMicros") : reclaimed);
    }

    private static LeaseAccount.State state(String word) {
        return switch (word) {
            case "Open" -> LeaseAccount.State.OPEN;
            case "Suspect" -> LeaseAccount.State.SUSPECT;
            case "Reclaimed" -> LeaseAccount.State.RECLAIMED;
            default ->
                    throw new IllegalArgumentException(
                            "state: " + word + " (expected: Open, Suspect or Reclaimed)");
        };
    }

    private static void writeInstant(JsonGenerator json, String name, @Nullable Instant instant)
            throws IOException {
        if (instant != null) {
            json.writeStringField(name, instant.toString());
        }
    }

    private static @Nullable Instant instant(JsonNode json, String name) {
        var value = json.get(name);
        return value == null ? null : Instant.parse(value.asText());
    }

    private static JsonNode array(JsonNode json, String name) {
        var value = json.get(name);
        if (value == null || !value.isArray()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: an array)");
        }
        return value;
    }

    private static String text(JsonNode json, String name) {
        var value = json.get(name);
        if (value == null || !value.isTextual()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: a string)");
        }
        return value.asText();
    }

    private static long number(JsonNode json, String name) {
        var value = json.get(name);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToLong()) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: an integer)");
        }
        if (value.asLong() < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 0)");
        }
        return value.asLong();
    }
}
