package dev.tollgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtelVariablesTest {

    private static final String COLLECTOR = "http://collector:4318";

    private static OtelVariables with(String name, String value) {
        return OtelVariables.of(Map.of("OTEL_EXPORTER_OTLP_ENDPOINT", COLLECTOR, name, value));
    }

    @Test
    void spansGoToTheCollectorIfThereIsOneAndNothingElseUnasked() {
        assertThat(OtelVariables.of(Map.of("PATH", "/bin", "OTEL_LOGS_EXPORTER", " ")))
                .isEqualTo(new OtelVariables(null, true, false, null, List.of()));
        var asked = with("OTEL_RESOURCE_ATTRIBUTES", "a=b");
        assertThat(asked.endpoint()).isEqualTo(COLLECTOR);
        assertThat(asked.spans()).isTrue();
        assertThat(asked.records()).isFalse();
        assertThat(asked.resource()).isEqualTo("a=b");
        assertThat(asked.ignored()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "otlp         | true  |",
                "OTLP,otlp    | true  |",
                "none         | false |",
                "otlp,console | true  | OTEL_LOGS_EXPORTER: console is ignored (expected: otlp or none)",
                "none, otlp   | true  | OTEL_LOGS_EXPORTER: none is ignored (expected: otlp or none)",
                "console      | false | OTEL_LOGS_EXPORTER: console is ignored (expected: otlp or none)",
                "logging,     | false | OTEL_LOGS_EXPORTER: logging is ignored (expected: otlp or none)",
            })
    void whatTheLogsExporterDoesNotDoIsTold(String value, boolean records, String ignored) {
        var asked = with("OTEL_LOGS_EXPORTER", value);
        assertThat(asked.records()).isEqualTo(records);
        assertThat(asked.ignored()).isEqualTo(ignored == null ? List.of() : List.of(ignored));
        assertThat(asked.spans()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "otlp         | true  |",
                "none         | false |",
                "otlp,console | true  | OTEL_TRACES_EXPORTER: console is ignored (expected: otlp or none)",
                "zipkin       | false | OTEL_TRACES_EXPORTER: zipkin is ignored (expected: otlp or none)",
            })
    void spansGoWhereTheTracesExporterSaysOrNowhere(String value, boolean spans, String ignored) {
        var asked = with("OTEL_TRACES_EXPORTER", value);
        assertThat(asked.spans()).isEqualTo(spans);
        assertThat(asked.ignored()).isEqualTo(ignored == null ? List.of() : List.of(ignored));
    }

    @Test
    void anExporterWithoutACollectorIsTold() {
        assertThat(
                        OtelVariables.of(
                                        Map.of(
                                                "OTEL_LOGS_EXPORTER", "otlp",
                                                "OTEL_TRACES_EXPORTER", "otlp"))
                                .ignored())
                .containsExactly(
                        "OTEL_TRACES_EXPORTER: otlp is ignored without OTEL_EXPORTER_OTLP_ENDPOINT",
                        "OTEL_LOGS_EXPORTER: otlp is ignored without OTEL_EXPORTER_OTLP_ENDPOINT");
    }

    @Test
    void metricsAreNotSent() {
        assertThat(with("OTEL_METRICS_EXPORTER", "otlp,prometheus").ignored())
                .containsExactly(
                        "OTEL_METRICS_EXPORTER: otlp is ignored: /metrics of the admin port has"
                                + " them");
        assertThat(with("OTEL_METRICS_EXPORTER", "none").ignored()).isEmpty();
        assertThat(with("OTEL_METRICS_EXPORTER", "prometheus").ignored()).isEmpty();
    }

    @Test
    void whatIsDoneAnywayMayBeSaid() {
        assertThat(with("OTEL_TRACES_SAMPLER", "parentbased_traceidratio").ignored()).isEmpty();
        assertThat(with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf").ignored()).isEmpty();
        assertThat(with("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc").ignored())
                .containsExactly(
                        "OTEL_EXPORTER_OTLP_PROTOCOL: grpc is ignored (expected: http/protobuf)");
    }

    /** Their values may be secret. */
    @Test
    void othersAreToldByTheirNamesAlone() {
        assertThat(with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=secret").ignored())
                .containsExactly("OTEL_EXPORTER_OTLP_HEADERS is ignored");
    }

    @Test
    void whatKubernetesPutsForAServiceIsNobodysWish() {
        var service =
                Map.of(
                        "OTEL_COLLECTOR_SERVICE_HOST", "10.0.0.1",
                        "OTEL_COLLECTOR_SERVICE_PORT", "4318",
                        "OTEL_COLLECTOR_SERVICE_PORT_OTLP", "4318",
                        "OTEL_COLLECTOR_PORT", "tcp://10.0.0.1:4318",
                        "OTEL_COLLECTOR_PORT_4318_TCP", "tcp://10.0.0.1:4318",
                        "OTEL_EXPORTER_PROMETHEUS_PORT", "9464");
        assertThat(OtelVariables.of(service).ignored())
                .containsExactly("OTEL_EXPORTER_PROMETHEUS_PORT is ignored");
    }
}
