package dev.tollgate.crds.valkey;

import static org.awaitility.Awaitility.await;

import dev.tollgate.crds.loopback.FreePort;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A real server, valkey-server or redis-server of this machine, on a free port of loopback, that
 * keeps nothing. Without one its tests are skipped.
 */
public final class ValkeyProcess implements BeforeEachCallback, AfterEachCallback {

    private static final String PASSWORD = "a word for tests";

    private int port;
    private @Nullable Process process;

    /** The one that {@code valkey.server} names, else the first of the path. */
    static Optional<Path> binary() {
        var named = System.getProperty("valkey.server");
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        var path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Arrays.stream(path.split(File.pathSeparator))
                .flatMap(
                        folder ->
                                List.of("valkey-server", "redis-server").stream()
                                        .map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** It has no WAITAOF. */
    public static boolean isOlderThan72() throws IOException {
        var version =
                new String(
                        new ProcessBuilder(binary().orElseThrow().toString(), "--version")
                                .start()
                                .getInputStream()
                                .readAllBytes(),
                        StandardCharsets.UTF_8);
        return version.matches("(?s).* v=([0-6]\\.|7\\.[01]\\.).*");
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        Assumptions.assumeTrue(
                binary().isPresent(), "neither valkey-server nor redis-server is installed");
        port = FreePort.next();
        start();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (process != null && process.isAlive()) {
            resume();
            kill();
        }
    }

    /** Begins empty. */
    public void start() throws IOException {
        process =
                new ProcessBuilder(
                                binary().orElseThrow().toString(),
                                "--port",
                                Integer.toString(port),
                                "--bind",
                                "127.0.0.1",
                                "--save",
                                "",
                                "--appendonly",
                                "no",
                                "--requirepass",
                                PASSWORD,
                                "--dir",
                                System.getProperty("java.io.tmpdir"))
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        await().ignoreExceptions().until(() -> command("PING").startsWith("+PONG"));
    }

    public void kill() {
        running().destroyForcibly();
        await().until(() -> !running().isAlive());
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

    public String url() {
        return "redis://:" + PASSWORD.replace(" ", "%20") + "@127.0.0.1:" + port;
    }

    /** The answer of one command, as it is on the wire. */
    public String command(String command) throws IOException {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(30_000);
            var out = socket.getOutputStream();
            out.write(
                    ("AUTH \"" + PASSWORD + "\"\r\n" + command + "\r\nQUIT\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            var answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return answer.substring(answer.indexOf('\n') + 1);
        }
    }
}
