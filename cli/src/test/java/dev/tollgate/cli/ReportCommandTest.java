package dev.tollgate.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dataplane.wal.Wal;
import dev.tollgate.dataplane.wal.WalSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReportCommandTest {

    private static final String SINCE = "2026-11-01T00:00:00Z";

    /** Answered by a second provider, after the first one had cost something too. */
    private static final String FAILED_OVER =
            record(
                    "req_1",
                    "2026-11-02T09:00:00.123Z",
                    "team-a",
                    """
                    "tags":{"feature":"search","user":"a,b"},"route":"team-a/chat/default","provider_chosen":"anthropic",
                    "model":"claude-haiku-4-5","attempts":[
                    {"provider":"openai","model":"gpt-4o-mini","outcome":"truncated","status":200,"latency_ms":41,"cost_usd":"0.02"},
                    {"provider":"anthropic","model":"claude-haiku-4-5","outcome":"ok","status":200,"latency_ms":300,"cost_usd":"0.0000001"}],
                    "input_tokens":812,"cache_read_tokens":500,"output_tokens":96,"cost_usd":"0.0200001"\
                    """);

    private static final String PLAIN =
            record(
                    "req_2",
                    "2026-11-02T10:00:00Z",
                    "team-b",
                    """
                    "tags":{"feature":"search"},"route":"team-b/chat/default","provider_chosen":"openai","model":"gpt-4o-mini",
                    "attempts":[{"provider":"openai","model":"gpt-4o-mini","outcome":"ok","status":200,"latency_ms":41,"cost_usd":"1.5"}],
                    "input_tokens":10,"cache_read_tokens":0,"output_tokens":20,"cost_usd":"1.5"\
                    """);

    private static final String COPY =
            record(
                    "req_3",
                    "2026-11-02T10:00:01Z",
                    "team-b",
                    """
                    "tags":{},"route":"team-b/chat/default","provider_chosen":"trial","model":"new",
                    "attempts":[{"provider":"trial","model":"new","outcome":"ok","status":200,"latency_ms":41,"cost_usd":"0.5"}],
                    "shadow":{"name":"trial","of":"req_2"},"input_tokens":10,"cache_read_tokens":0,"output_tokens":5,"cost_usd":"0.5"\
                    """);

    private static final String REFUSED =
            record(
                    "req_4",
                    "2026-11-02T11:00:00Z",
                    "team-a",
                    """
                    "tags":{},"route":"","provider_chosen":"","model":"","attempts":[],"input_tokens":0,"cache_read_tokens":0,
                    "output_tokens":0,"cost_usd":"0"\
                    """);

    private static final String BEFORE =
            record(
                    "req_0",
                    "2026-10-31T23:59:59.999Z",
                    "team-a",
                    "\"provider_chosen\":\"openai\",\"attempts\":[],\"cost_usd\":\"9\"");

    @TempDir Path folder;

    private record Said(int code, List<String> out, String err) {}

    private static String record(String id, String time, String team, String rest) {
        return "{\"request_id\":\"%s\",\"time\":\"%s\",\"team\":\"%s\",%s}"
                .formatted(id, time, team, rest.replace("\n", ""));
    }

    private static Said run(String... arguments) {
        var out = new StringWriter();
        var err = new StringWriter();
        var all = Stream.concat(Stream.of("report"), Stream.of(arguments)).toArray(String[]::new);
        int code =
                Main.commandLine(new Settings(Map.of()), "report")
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(all);
        return new Said(code, out.toString().lines().toList(), err.toString());
    }

    private String file(String... lines) throws IOException {
        return Files.write(folder.resolve("usage.jsonl"), List.of(lines)).toString();
    }

    private Said by(String what, String... more) throws IOException {
        var file = file(BEFORE, FAILED_OVER, PLAIN, COPY, REFUSED);
        var arguments =
                Stream.concat(Stream.of(file, "--since", SINCE, "--by", what), Stream.of(more));
        return run(arguments.toArray(String[]::new));
    }

    @Test
    void sumsUpByTeamAndLeavesOutWhatWasBefore() throws IOException {
        var said = by("team");
        assertThat(said.code()).isEqualTo(ExitCode.OK);
        assertThat(said.err()).isEmpty();
        assertThat(said.out())
                .containsExactly(
                        "TEAM    REQUESTS  INPUT  OF IT CACHED  OUTPUT     COST $",
                        "team-b         1     20             0      25          2",
                        "team-a         2    812           500      96  0.0200001",
                        "total          3    832           500     121  2.0200001");
    }

    @Test
    void whatAnAttemptCostIsItsOwnProvidersAndTheTokensAreTheAnswers() throws IOException {
        assertThat(by("provider", "--output", "csv").out())
                .containsExactly(
                        "provider,requests,input_tokens,cache_read_tokens,output_tokens,cost_usd",
                        "openai,1,10,0,20,1.52",
                        "trial,0,10,0,5,0.5",
                        "anthropic,1,812,500,96,0.0000001",
                        "-,1,0,0,0,0");
        assertThat(by("model", "--output", "csv").out())
                .contains("gpt-4o-mini,1,10,0,20,1.52", "claude-haiku-4-5,1,812,500,96,0.0000001");
    }

    @Test
    void aRequestWithTwoTagsIsInTheRowOfEachAndOnceInTheTotal() throws IOException {
        assertThat(by("tag", "--output", "csv").out())
                .containsExactly(
                        "tag,requests,input_tokens,cache_read_tokens,output_tokens,cost_usd",
                        "feature=search,2,822,500,116,1.5200001",
                        "-,1,10,0,5,0.5",
                        "\"user=a,b\",1,812,500,96,0.0200001");
        assertThat(by("tag").out().getLast()).endsWith("2.0200001");
    }

    @Test
    void writesTheSameForScripts() throws IOException {
        var json =
                new ObjectMapper()
                        .readTree(String.join("\n", by("route", "--output", "json").out()));
        assertThat(json.path("by").asText()).isEqualTo("route");
        assertThat(json.path("since").asText()).isEqualTo(SINCE);
        assertThat(json.path("rows").get(0).path("route").asText())
                .isEqualTo("team-b/chat/default");
        assertThat(json.path("rows").get(0).path("cost_usd").textValue()).isEqualTo("2");
        assertThat(json.path("rows")).hasSize(3);
        assertThat(json.path("total").path("requests").asLong()).isEqualTo(3);
        assertThat(json.path("total").path("cost_usd").textValue()).isEqualTo("2.0200001");
    }

    @Test
    void readsWhatTheFolderOfARunningGatewayKeeps() throws IOException {
        try (var wal = Wal.open(WalSettings.in(folder.resolve("log")))) {
            wal.append("req_1", FAILED_OVER.getBytes(UTF_8));
            wal.append("req_2", PLAIN.getBytes(UTF_8));
            var said = run("--data", folder.toString(), "--since", SINCE, "--output", "csv");
            assertThat(said.out())
                    .contains("team-b,1,10,0,20,1.5", "team-a,1,812,500,96,0.0200001");
            var both = run(file(PLAIN), "--data", folder.toString(), "--since", SINCE);
            assertThat(both.out().getLast()).as("each record once").endsWith("1.5200001");
        }
    }

    @Test
    void linesOfOtherKindsAreLeftOutAndCounted() throws IOException {
        var said =
                run(
                        file(
                                "{\"time\":\"2026-11-02T11:00:00Z\",\"level\":\"INFO\",\"message\":\"x\"}",
                                "no JSON",
                                "",
                                PLAIN),
                        "--since",
                        SINCE);
        assertThat(said.code()).isEqualTo(ExitCode.OK);
        assertThat(said.err()).contains("2 lines are no usage records");
        assertThat(said.out().getLast()).endsWith("1.5");
    }

    @Test
    void nothingSpentIsATableToo() throws IOException {
        assertThat(run(file(PLAIN), "--since", "2030-01-01T00:00:00Z").out()).hasSize(2);
    }

    @Test
    void saysWhatItNeeds() {
        var said = run("--data", folder.toString());
        assertThat(said.code()).isEqualTo(ExitCode.USAGE);
        assertThat(said.err()).contains("--data: " + folder + " (expected: that of a gateway");
        assertThat(run(folder.resolve("none").toString()).code()).isEqualTo(ExitCode.USAGE);
        assertThat(run("--by", "moon").code()).isEqualTo(ExitCode.USAGE);
        assertThat(run("--since", "yesterday").err()).contains("--since: yesterday (expected: ");
    }

    @ParameterizedTest
    @CsvSource({
        "90m, 2026-11-20T22:30:00Z",
        "24h, 2026-11-20T00:00:00Z",
        "7d, 2026-11-14T00:00:00Z",
        "2w, 2026-11-07T00:00:00Z",
        "2026-11-01T00:00:00Z, 2026-11-01T00:00:00Z"
    })
    void knowsSinceWhen(String since, String expected) {
        var clock = InstantSource.fixed(Instant.parse("2026-11-21T00:00:00Z"));
        assertThat(ReportCommand.instant(since, clock)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7", "-7d", "7 d", "1234567d", "2026-11-01"})
    void refusesWhatIsNoTime(String since) {
        assertThatThrownBy(() -> ReportCommand.instant(since, InstantSource.system()))
                .hasMessageContaining("expected");
    }
}
