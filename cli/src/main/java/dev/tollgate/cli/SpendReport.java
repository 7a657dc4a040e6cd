package dev.tollgate.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.policy.price.Money;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * What usage records have spent, summed up by one thing that they tell. A record counts once,
 * however often it is read. Used by one thread.
 *
 * <p>A request and its tokens belong to the provider and the model that answered; what each attempt
 * cost belongs to the attempt's own. A copy for a shadow is no request, but costs as one.
 */
final class SpendReport {

    /** What a row is for. */
    enum By {
        team,
        provider,
        model,
        route,
        tag
    }

    /** What became of a record. */
    enum Taken {
        COUNTED,
        /** It began before the report does, or is known already. */
        LEFT_OUT,
        NO_RECORD
    }

    /** In rows of records that do not tell: a refused request has no provider. */
    private static final String NONE = "-";

    private static final class Sum {
        long requests;
        long input;
        long cacheRead;
        long output;
        Money cost = Money.ZERO;

        void count(JsonNode record) {
            requests += record.has("shadow") ? 0 : 1;
            input += record.path("input_tokens").asLong();
            cacheRead += record.path("cache_read_tokens").asLong();
            output += record.path("output_tokens").asLong();
        }

        void spend(Money more) {
            cost = cost.plus(more);
        }
    }

    private final By by;
    private final Instant since;
    private final Map<String, Sum> rows = new HashMap<>();
    private final Sum total = new Sum();
    private final Set<String> seen = new HashSet<>();

    SpendReport(By by, Instant since) {
        this.by = by;
        this.since = since;
    }

    Taken add(JsonNode record) {
        Instant time;
        Money cost;
        try {
            time = Instant.parse(record.path("time").asText());
            cost = Money.parse(record.path("cost_usd").asText());
        } catch (DateTimeException | IllegalArgumentException e) {
            return Taken.NO_RECORD;
        }
        var id = record.path("request_id").asText();
        if (id.isEmpty()) {
            return Taken.NO_RECORD;
        }
        if (time.isBefore(since) || !seen.add(id)) {
            return Taken.LEFT_OUT;
        }
        total.count(record);
        total.spend(cost);
        switch (by) {
            case team -> whole(record, "team", cost);
            case route -> whole(record, "route", cost);
            case provider -> attempts(record, "provider_chosen", "provider", cost);
            case model -> attempts(record, "model", "model", cost);
            case tag -> tags(record, cost);
        }
        return Taken.COUNTED;
    }

    private Sum row(String name) {
        return rows.computeIfAbsent(name.isEmpty() ? NONE : name, key -> new Sum());
    }

    private void whole(JsonNode record, String field, Money cost) {
        var row = row(record.path(field).asText());
        row.count(record);
        row.spend(cost);
    }

    private void attempts(JsonNode record, String chosen, String field, Money cost) {
        var answered = row(record.path(chosen).asText());
        answered.count(record);
        var rest = cost;
        for (var attempt : record.path("attempts")) {
            var spent = money(attempt.path("cost_usd").asText());
            row(attempt.path(field).asText()).spend(spent);
            rest = rest.minus(spent);
        }
        answered.spend(rest);
    }

    /** An attempt that does not tell: its cost stays with the answer's row. */
    private static Money money(String dollars) {
        try {
            return Money.parse(dollars);
        } catch (IllegalArgumentException e) {
            return Money.ZERO;
        }
    }

    private void tags(JsonNode record, Money cost) {
        var names = new LinkedHashSet<String>();
        record.path("tags")
                .properties()
                .forEach(tag -> names.add(tag.getKey() + "=" + tag.getValue().asText()));
        if (names.isEmpty()) {
            names.add(NONE);
        }
        for (var name : names) {
            var row = row(name);
            row.count(record);
            row.spend(cost);
        }
    }

    /** The dearest first. */
    private List<Map.Entry<String, Sum>> sorted() {
        return rows.entrySet().stream()
                .sorted(
                        Comparator.comparing(
                                        (Map.Entry<String, Sum> row) -> row.getValue().cost,
                                        Comparator.reverseOrder())
                                .thenComparing(Map.Entry::getKey))
                .toList();
    }

    private static List<String> cells(String name, Sum sum) {
        return List.of(
                name,
                Long.toString(sum.requests),
                Long.toString(sum.input),
                Long.toString(sum.cacheRead),
                Long.toString(sum.output),
                sum.cost.toString());
    }

    /** A line for each row and one for all; the figures are to the right. */
    List<String> table() {
        var lines = new ArrayList<List<String>>();
        lines.add(
                List.of(
                        by.name().toUpperCase(Locale.ROOT),
                        "REQUESTS",
                        "INPUT",
                        "OF IT CACHED",
                        "OUTPUT",
                        "COST $"));
        sorted().forEach(row -> lines.add(cells(row.getKey(), row.getValue())));
        lines.add(cells("total", total));
        var widths = new int[lines.getFirst().size()];
        for (var line : lines) {
            for (var i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        var table = new ArrayList<String>();
        for (var line : lines) {
            var text = new StringJoiner("  ");
            for (var i = 0; i < widths.length; i++) {
                var room = " ".repeat(widths[i] - line.get(i).length());
                text.add(i == 0 ? line.get(i) + room : room + line.get(i));
            }
            table.add(text.toString());
        }
        return table;
    }

    /** RFC 4180, without a line of the total: a sheet makes its own. */
    List<String> csv() {
        var lines = new ArrayList<String>();
        lines.add(by + ",requests,input_tokens,cache_read_tokens,output_tokens,cost_usd");
        for (var row : sorted()) {
            var line = new StringJoiner(",");
            cells(row.getKey(), row.getValue()).forEach(cell -> line.add(quoted(cell)));
            lines.add(line.toString());
        }
        return lines;
    }

    private static String quoted(String cell) {
        var plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }

    /** Amounts are decimal strings of USD. */
    ObjectNode json() {
        var root = JsonNodeFactory.instance.objectNode();
        root.put("by", by.name());
        root.put("since", since.toString());
        var all = root.putArray("rows");
        for (var row : sorted()) {
            figures(all.addObject().put(by.name(), row.getKey()), row.getValue());
        }
        figures(root.putObject("total"), total);
        return root;
    }

    private static void figures(ObjectNode object, Sum sum) {
        object.put("requests", sum.requests)
                .put("input_tokens", sum.input)
                .put("cache_read_tokens", sum.cacheRead)
                .put("output_tokens", sum.output)
                .put("cost_usd", sum.cost.toString());
    }
}
