package dev.tollgate.simulator.script;

import java.io.Serial;

/** A script that cannot be used; the message is for the person who wrote it. */
public final class ScriptException extends IllegalArgumentException {
    @Serial private static final long serialVersionUID = 1;

    ScriptException(String message) {
        super(message);
    }

    ScriptException(String message, Throwable cause) {
        super(message, cause);
    }
}
