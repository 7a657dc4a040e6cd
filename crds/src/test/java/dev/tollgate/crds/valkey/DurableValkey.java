package dev.tollgate.crds.valkey;

import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.loopback.FreePort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real server that keeps what it is told in an append-only file, is killed and started again, and
 * loses the end of the file if a test says so. It is the one that the system property {@code
 * valkey.server} names, else valkey-server or redis-server of this machine; without one its tests
 * are skipped. Clients go through a {@link ValkeyRelay}, which loses answers, and which lends
 * WAITAOF to a server older than 7.2: that one is started with {@code appendfsync always}, so that
 * what the relay says is true.
 */
public final class DurableValkey implements BeforeEachCallback, AfterEachCallback {

    private static final String PASSWORD = "a word for tests";
    private static final Duration WITHIN = Duration.ofSeconds(60);

    private final String[] settings;
    private int port;
    private Path folder;
    private ValkeyRelay relay;
    private @Nullable Process process;

    /**
     * @param settings more of them, as on the command line
     */
    public DurableValkey(String... settings) {
        this.settings = settings.clone();
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        Assumptions.assumeTrue(
                ValkeyProcess.binary().isPresent(),
                "neither valkey-server nor redis-server is installed");
        folder = Files.createTempDirectory("valkey");
        port = FreePort.next();
        start();
        relay = new ValkeyRelay(port);
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        if (relay != null) {
            relay.close();
        }
        if (process != null && process.isAlive()) {
            resume();
            kill();
        }
        if (folder != null) {
            try (var files = Files.walk(folder)) {
                for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** With what it has on its disk. */
    public void start() {
        var command = new ArrayList<String>();
        command.add(ValkeyProcess.binary().orElseThrow().toString());
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        command.addAll(List.of("--requirepass", PASSWORD, "--dir", folder.toString()));
        command.addAll(List.of("--save", "", "--appendonly", "yes", "--appendfsync", "always"));
        command.addAll(List.of(settings));
        try {
            process =
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        await().atMost(WITHIN).ignoreExceptions().until(() -> command("PING").startsWith("+PONG"));
    }

    /** At once: what is not in its file is gone. */
    public void kill() {
        running().destroyForcibly();
        await().atMost(WITHIN).until(() -> !running().isAlive());
    }

    public void restart() {
        kill();
        start();
    }

    /** Bytes of the append-only file: a mark to go back to. */
    public long fileBytes() {
        try {
            return Files.size(file());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Killed, and started again with a file that ends, torn, a little behind {@code mark}. */
    public void restartWithFileCutTo(long mark) {
        kill();
        try (var channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
            channel.truncate(mark + 7);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start();
    }

    private Path file() throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".incr.aof"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private Process running() {
        var started = process;
        if (started == null) {
            throw new IllegalStateException("it was not started");
        }
        return started;
    }

    /** It takes connections and answers nothing. */
    public void pause() {
        signal("-STOP");
    }

    public void resume() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            new ProcessBuilder("kill", signal, Long.toString(running().pid())).start().waitFor();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What stands between clients and the server. */
    public ValkeyRelay relay() {
        return relay;
    }

    /** Follows another one from now on. Only servers that need no help have replicas. */
    public void follow(DurableValkey primary) {
        command("CONFIG SET masterauth \"" + PASSWORD + "\"");
        command("REPLICAOF 127.0.0.1 " + primary.port);
        await().atMost(WITHIN)
                .until(() -> command("INFO replication").contains("master_link_status:up"));
    }

    /** New connections of its clients go to another one. */
    public void redirectTo(DurableValkey other) {
        relay.redirect(other.port);
    }

    /** The port of the relay. */
    public int port() {
        return relay.port();
    }

    public String password() {
        return PASSWORD;
    }

    public String url() {
        return "redis://:" + PASSWORD.replace(" ", "%20") + "@127.0.0.1:" + port();
    }

    /** The answer of one command, asked past the relay, as it is on the wire. */
    public String command(String command) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            var out = socket.getOutputStream();
            out.write(
                    ("AUTH \"" + PASSWORD + "\"\r\n" + command + "\r\nQUIT\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.substring(answer.indexOf('\n') + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
