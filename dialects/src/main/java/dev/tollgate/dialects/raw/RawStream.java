package dev.tollgate.dialects.raw;

import dev.tollgate.dialects.AnswerStream;
import dev.tollgate.dialects.ErrorKind;
import dev.tollgate.dialects.Usage;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of any kind on their way to the client. Nothing can be written behind them if they break
 * off: the client sees it by the connection's reset.
 */
final class RawStream implements AnswerStream {
    private boolean started;

    @Override
    public void feed(byte[] bytes, int offset, int length, Sink sink) {
        started |= length > 0;
        sink.write(bytes, offset, length);
    }

    @Override
    public End end(Sink sink) {
        return new End.Complete();
    }

    @Override
    public void fail(ErrorKind kind, String message, Sink sink) {}

    @Override
    public void endAtLimit(Sink sink) {
        throw new UnsupportedOperationException("bytes of any kind have no limit to end at");
    }

    @Override
    public boolean failed() {
        return false;
    }

    @Override
    public boolean toldError() {
        return false;
    }

    @Override
    public boolean started() {
        return started;
    }

    @Override
    public boolean sawToken() {
        return false;
    }

    @Override
    public @Nullable Usage usage() {
        return null;
    }

    @Override
    public boolean usageShrank() {
        return false;
    }

    @Override
    public @Nullable String finishReason() {
        return null;
    }

    @Override
    public boolean finished(int choices) {
        return false;
    }

    @Override
    public @Nullable String model() {
        return null;
    }

    @Override
    public long visibleOutputBytes() {
        return 0;
    }
}
