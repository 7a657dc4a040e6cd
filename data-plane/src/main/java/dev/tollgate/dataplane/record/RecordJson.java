package dev.tollgate.dataplane.record;

import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes a {@link UsageRecord} as one line of JSON without building objects. One per event loop: it
 * keeps its buffer. Not thread-safe.
 */
public final class RecordJson {

    private static final int MAX_KEPT_BYTES = 64 * 1024;
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] out = new byte[2_048];
    private int length;
    private long daySeconds = Long.MIN_VALUE;
    private String day = "";

    /** The record in UTF-8, without a line break at its end. */
    public byte[] write(UsageRecord record) {
        length = 0;
        raw("{\"request_id\":").text(record.requestId());
        raw(",\"time\":\"").time(record.timeMillis());
        raw("\",\"architecture\":\"multi-provider-gateway\",\"team\":").text(record.team());
        raw(",\"caller\":").text(record.caller());
        raw(",\"tags\":{");
        boolean first = true;
        for (var tag : record.tags().entrySet()) {
            raw(first ? "" : ",").text(tag.getKey()).raw(":").text(tag.getValue());
            first = false;
        }
        raw("},\"client_dialect\":").text(record.clientDialect());
        if (!record.endpoint().isEmpty()) {
            raw(",\"endpoint\":").text(record.endpoint());
        }
        if (record.results() > 0) {
            raw(",\"n\":").number(record.results());
        }
        raw(",\"route\":").text(record.route());
        raw(",\"strategy\":").text(record.strategy());
        raw(",\"provider_chosen\":").text(record.provider());
        raw(",\"model\":").text(record.model());
        raw(",\"model_requested\":").text(record.modelRequested());
        raw(",\"fallback_used\":").raw(record.fallbackUsed() ? "true" : "false");
        attempts(record);
        raw(",\"cache_hit\":").raw(record.cacheHit() ? "true" : "false");
        shadow(record.shadow());
        raw(",\"stream\":").raw(record.stream() ? "true" : "false");
        usage(record);
        raw(",\"latency_ms\":").number(record.latencyMillis());
        if (record.ttftMillis() >= 0) {
            raw(",\"ttft_ms\":").number(record.ttftMillis());
        }
        raw(",\"cost_usd\":").text(record.cost().toString());
        if (record.costAssumed()) {
            raw(",\"cost_assumed\":true");
        }
        raw(",\"cost_source\":").text(record.costSource());
        raw(",\"budgets\":[");
        for (int i = 0; i < record.budgets().size(); i++) {
            raw(i == 0 ? "" : ",").text(record.budgets().get(i));
        }
        raw("]");
        texts(",\"budget_steps\":[", record.budgetSteps());
        texts(",\"budget_shadow\":[", record.budgetShadow());
        raw(",\"outcome\":").text(record.outcome().word());
        raw(",\"status\":").number(record.status());
        raw(",\"trace_id\":").text(record.traceId()).raw("}");
        var line = Arrays.copyOf(out, length);
        if (out.length > MAX_KEPT_BYTES) {
            out = new byte[2_048];
        }
        return line;
    }

    private void texts(String name, List<String> texts) {
        for (int i = 0; i < texts.size(); i++) {
            raw(i == 0 ? name : ",").text(texts.get(i));
        }
        if (!texts.isEmpty()) {
            raw("]");
        }
    }

    private void attempts(UsageRecord record) {
        raw(",\"attempts\":[");
        for (int i = 0; i < record.attempts().size(); i++) {
            var attempt = record.attempts().get(i);
            raw(i == 0 ? "{\"provider\":" : ",{\"provider\":").text(attempt.provider());
            raw(",\"model\":").text(attempt.model());
            raw(",\"outcome\":").text(attempt.outcome());
            raw(",\"status\":").number(attempt.status());
            raw(",\"latency_ms\":").number(attempt.latencyMillis());
            raw(",\"cost_usd\":").text(attempt.cost().toString()).raw("}");
        }
        raw("]");
    }

    private void shadow(@Nullable ShadowOf shadow) {
        if (shadow == null) {
            return;
        }
        var original = shadow.original();
        raw(",\"shadow\":{\"name\":").text(shadow.name());
        raw(",\"of\":").text(shadow.requestId());
        raw(",\"finish_reason\":").text(shadow.finishReason());
        raw(",\"original\":{\"provider\":").text(original.provider());
        raw(",\"model\":").text(original.model());
        raw(",\"finish_reason\":").text(original.finishReason());
        raw(",\"output_tokens\":").number(original.outputTokens());
        raw(",\"latency_ms\":").number(original.latencyMillis());
        raw(",\"cost_usd\":").text(original.cost().toString()).raw("}}");
    }

    private void usage(UsageRecord record) {
        var usage = record.usage();
        raw(",\"input_tokens\":").number(usage.input());
        raw(",\"cache_read_tokens\":").number(usage.cacheRead());
        raw(",\"cache_write_tokens\":").number(usage.cacheWrite5m() + usage.cacheWrite1h());
        raw(",\"output_tokens\":").number(usage.output());
        raw(",\"reasoning_tokens\":").number(usage.reasoning());
    }

    /** RFC 3339 in UTC with milliseconds; the part up to the day is remembered. */
    private void time(long millis) {
        long seconds = Math.floorDiv(millis, 1000L);
        long dayStart = seconds - Math.floorMod(seconds, 86_400L);
        if (dayStart != daySeconds) {
            day = LocalDate.ofEpochDay(dayStart / 86_400L).toString();
            daySeconds = dayStart;
        }
        int inDay = (int) (seconds - dayStart);
        raw(day).raw("T");
        two(inDay / 3600).raw(":");
        two(inDay / 60 % 60).raw(":");
        two(inDay % 60).raw(".");
        int ms = (int) Math.floorMod(millis, 1000L);
        room(4);
        out[length++] = (byte) ('0' + ms / 100);
        two(ms % 100).raw("Z");
    }

    private RecordJson two(int value) {
        room(2);
        out[length++] = (byte) ('0' + value / 10);
        out[length++] = (byte) ('0' + value % 10);
        return this;
    }

    private RecordJson number(long value) {
        if (value >= 0 && value < 10) {
            room(1);
            out[length++] = (byte) ('0' + value);
            return this;
        }
        return raw(Long.toString(value));
    }

    /** ASCII that needs no escape. */
    @SuppressWarnings("deprecation") // the one copy without a look at each character
    private RecordJson raw(String ascii) {
        room(ascii.length());
        ascii.getBytes(0, ascii.length(), out, length);
        length += ascii.length();
        return this;
    }

    private RecordJson text(String value) {
        room(value.length() + 2);
        out[length++] = '"';
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7f) {
                return escaped(value, i);
            }
            out[length++] = (byte) c;
        }
        out[length++] = '"';
        return this;
    }

    private RecordJson escaped(String value, int from) {
        for (int i = from; i < value.length(); ) {
            int c = value.codePointAt(i);
            i += Character.charCount(c);
            room(16);
            if (c == '"' || c == '\\') {
                out[length++] = '\\';
                out[length++] = (byte) c;
            } else if (c < 0x20 || c == 0x7f || Character.isSurrogate((char) c) && c < 0x10000) {
                out[length++] = '\\';
                out[length++] = 'u';
                for (int shift = 12; shift >= 0; shift -= 4) {
                    out[length++] = HEX[c >> shift & 15];
                }
            } else {
                for (byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                    out[length++] = b;
                }
            }
        }
        room(1);
        out[length++] = '"';
        return this;
    }

    private void room(int bytes) {
        if (out.length - length < bytes + 1) {
            out = Arrays.copyOf(out, Math.max(out.length * 2, length + bytes + 64));
        }
    }
}
