package dev.tollgate.cli;

import java.io.IOException;
import java.util.Locale;

/** Opens a page in the user's browser where there is one; says nothing where there is none. */
final class Browser {
    private Browser() {}

    static void open(String address) {
        var system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        var hasDisplay =
                System.getenv("DISPLAY") != null || System.getenv("WAYLAND_DISPLAY") != null;
        if (!system.contains("mac") && !hasDisplay) {
            return;
        }
        try {
            new ProcessBuilder(system.contains("mac") ? "open" : "xdg-open", address)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(Browser.class)
                    .debug("no browser was opened: {}", e.getMessage());
        }
    }
}
