package dev.tollgate.dataplane.standalone;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.dataplane.wal.DurableFile;
import dev.tollgate.policy.canary.CanaryState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of canaries in a file, which a folder has in the place of {@code status}. One that
 * cannot be read is a lost status: its canaries begin anew (api.md, R21). All calls block.
 */
final class CanaryFile {

    private static final Logger LOG = LoggerFactory.getLogger(CanaryFile.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;

    CanaryFile(Path file) {
        this.file = file;
    }

    /** By route. */
    Map<String, CanaryState> load() {
        try {
            var states = new HashMap<String, CanaryState>();
            for (var entry : JSON.readTree(Files.readAllBytes(file)).properties()) {
                states.put(entry.getKey(), state(entry.getValue()));
            }
            return states;
        } catch (NoSuchFileException e) {
            return Map.of();
        } catch (IOException | IllegalArgumentException | DateTimeParseException e) {
            LOG.atWarn()
                    .addKeyValue("error", e.getMessage())
                    .log("the states of canaries cannot be read; they begin anew");
            return Map.of();
        }
    }

    private static CanaryState state(JsonNode node) {
        return new CanaryState(
                node.path("target").asText(),
                node.path("step").asInt(),
                CanaryState.Phase.valueOf(node.path("phase").asText()),
                Instant.parse(node.path("since").asText()),
                node.path("fingerprint").asText(),
                node.path("message").asText());
    }

    void store(Map<String, CanaryState> states) {
        var all = JSON.createObjectNode();
        new TreeMap<>(states)
                .forEach(
                        (route, state) ->
                                all.putObject(route)
                                        .put("target", state.target())
                                        .put("step", state.step())
                                        .put("phase", state.phase().name())
                                        .put("since", state.since().toString())
                                        .put("fingerprint", state.fingerprint())
                                        .put("message", state.message()));
        try {
            DurableFile.replace(file, JSON.writeValueAsBytes(all));
        } catch (IOException e) {
            LOG.atWarn()
                    .addKeyValue("error", e.getMessage())
                    .log("the states of canaries are not kept: a restart loses their progress");
        }
    }
}
