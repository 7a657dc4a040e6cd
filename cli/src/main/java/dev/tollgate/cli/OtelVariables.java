package dev.tollgate.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the standard environment variables of OpenTelemetry ask for. An empty one counts as none.
 *
 * @param endpoint of the collector, null: nothing is sent
 * @param spans go there
 * @param records usage records go there, as log records
 * @param resource who tells, null: not said
 * @param ignored a sentence on each that asks for something that is not done
 */
record OtelVariables(
        @Nullable String endpoint,
        boolean spans,
        boolean records,
        @Nullable String resource,
        List<String> ignored) {

    static final String SAMPLER_ARG = "OTEL_TRACES_SAMPLER_ARG";

    private static final String ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private static final String RESOURCE = "OTEL_RESOURCE_ATTRIBUTES";
    private static final String TRACES = "OTEL_TRACES_EXPORTER";
    private static final String LOGS = "OTEL_LOGS_EXPORTER";
    private static final String METRICS = "OTEL_METRICS_EXPORTER";
    private static final Set<String> KNOWN =
            Set.of(ENDPOINT, RESOURCE, SAMPLER_ARG, TRACES, LOGS, METRICS);

    /** Those that may say what is done anyway. */
    private static final Map<String, String> ANYWAY =
            Map.of(
                    "OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf",
                    "OTEL_TRACES_SAMPLER", "parentbased_traceidratio");

    private static final String SERVICE_HOST = "_SERVICE_HOST";
    private static final List<String> SERVICE_MARKS =
            List.of(SERVICE_HOST, "_SERVICE_PORT", "_PORT");

    private static final String OTLP = "otlp";
    private static final String NONE = "none";

    static OtelVariables of(Map<String, String> environment) {
        var ignored = new ArrayList<String>();
        var endpoint = value(environment, ENDPOINT);
        var traces = exporters(environment, TRACES);
        var logs = exporters(environment, LOGS);
        told(TRACES, traces, endpoint, ignored);
        told(LOGS, logs, endpoint, ignored);
        for (var word : exporters(environment, METRICS)) {
            if (!word.equals(NONE) && !word.equals("prometheus")) {
                ignored.add(
                        METRICS + ": " + word + " is ignored: /metrics of the admin port has them");
            }
        }
        for (var name : new TreeSet<>(environment.keySet())) {
            var value = value(environment, name);
            boolean known = KNOWN.contains(name) || isOfService(environment, name);
            if (name.startsWith("OTEL_") && value != null && !known) {
                other(name, value, ignored);
            }
        }
        return new OtelVariables(
                endpoint,
                traces.isEmpty() || traces.contains(OTLP),
                logs.contains(OTLP),
                value(environment, RESOURCE),
                List.copyOf(ignored));
    }

    private static void told(
            String name, List<String> words, @Nullable String endpoint, List<String> ignored) {
        boolean otlp = words.contains(OTLP);
        if (otlp && endpoint == null) {
            ignored.add(name + ": otlp is ignored without " + ENDPOINT);
        }
        for (var word : words) {
            if (!word.equals(OTLP) && (otlp || !word.equals(NONE))) {
                ignored.add(name + ": " + word + " is ignored (expected: otlp or none)");
            }
        }
    }

    /** The values of those that are not known here may be secret. */
    private static void other(String name, String value, List<String> ignored) {
        var anyway = ANYWAY.get(name);
        if (anyway == null) {
            ignored.add(name + " is ignored");
        } else if (!anyway.equals(value)) {
            ignored.add(name + ": " + value + " is ignored (expected: " + anyway + ")");
        }
    }

    /** Kubernetes puts some for each Service of the namespace: {@code otel-collector} has these. */
    private static boolean isOfService(Map<String, String> environment, String name) {
        for (var mark : SERVICE_MARKS) {
            int at = name.indexOf(mark);
            if (at > 0 && environment.containsKey(name.substring(0, at) + SERVICE_HOST)) {
                return true;
            }
        }
        return false;
    }

    /** The words of a list, which may be written in any case. */
    private static List<String> exporters(Map<String, String> environment, String name) {
        var text = value(environment, name);
        return text == null
                ? List.of()
                : Stream.of(text.split(",", -1))
                        .map(word -> word.strip().toLowerCase(Locale.ROOT))
                        .filter(word -> !word.isEmpty())
                        .distinct()
                        .toList();
    }

    private static @Nullable String value(Map<String, String> environment, String name) {
        var text = environment.get(name);
        return text == null || text.isBlank() ? null : text;
    }
}
