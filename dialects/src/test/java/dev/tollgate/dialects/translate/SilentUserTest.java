package dev.tollgate.dialects.translate;

import static dev.tollgate.dialects.translate.Wire.outbound;
import static dev.tollgate.dialects.translate.Wire.request;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.dialects.Bridge.Outbound;
import dev.tollgate.dialects.Dialect;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A user who says nothing is heard as such: the turn stays, or the request is refused. */
class SilentUserTest {

    static Stream<Arguments> pairs() {
        return EnumSet.allOf(Dialect.class).stream()
                .flatMap(
                        client ->
                                EnumSet.complementOf(EnumSet.of(client)).stream()
                                        .map(provider -> Arguments.of(client, provider)));
    }

    /** Alone, and behind an answer. */
    private static List<String> silent(Dialect client) {
        return switch (client) {
            case OPENAI_CHAT ->
                    List.of(
                            "{'model':'m','messages':[{'role':'user','content':''}]}",
                            "{'model':'m','messages':[{'role':'user','content':'a'},{'role':'assistant','content':'b'},{'role':'user','content':''}]}");
            case OPENAI_RESPONSES ->
                    List.of(
                            "{'model':'m','input':''}",
                            "{'model':'m','input':[{'role':'user','content':'a'},{'role':'assistant','content':'b'},{'role':'user','content':''}]}");
            case ANTHROPIC ->
                    List.of(
                            "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':''}]}",
                            "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'a'},{'role':'assistant','content':'b'},{'role':'user','content':[]}]}");
            case GEMINI ->
                    List.of(
                            "{'contents':[{'role':'user','parts':[{'text':''}]}]}",
                            "{'contents':[{'role':'user','parts':[{'text':'a'}]},{'role':'model','parts':[{'text':'b'}]},{'role':'user','parts':[]}]}");
        };
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void isLastOrRefused(Dialect client, Dialect provider) {
        for (var body : silent(client)) {
            if (provider == Dialect.ANTHROPIC) {
                assertThat(outbound(client, provider, body)).isInstanceOf(Outbound.Refused.class);
                continue;
            }
            var turns =
                    request(client, provider, body)
                            .path(
                                    switch (provider) {
                                        case OPENAI_CHAT, ANTHROPIC -> "messages";
                                        case OPENAI_RESPONSES -> "input";
                                        case GEMINI -> "contents";
                                    });
            assertThat(turns).hasSize(body.contains("'b'") ? 3 : 1);
            var last = turns.get(turns.size() - 1);
            assertThat(last.path("role").asText()).isEqualTo("user");
            assertThat(last.toString()).contains("\"\"");
        }
    }
}
