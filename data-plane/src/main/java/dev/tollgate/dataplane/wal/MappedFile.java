package dev.tollgate.dataplane.wal;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A mapped file. It is written full of zeros before it is mapped, so that a full disk is an error
 * of that write and never a fault of a later store.
 */
final class MappedFile implements SegmentFile {

    private static final int BLOCK = 1 << 20;

    private final Arena arena;
    private final MemorySegment memory;

    private MappedFile(Arena arena, MemorySegment memory) {
        this.arena = arena;
        this.memory = memory;
    }

    /** A new file, all zeros; nothing is left behind if the disk is full. */
    static MappedFile create(Path file, int bytes) throws IOException {
        try (var channel =
                FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            var zeros = ByteBuffer.allocateDirect(Math.min(bytes, BLOCK));
            for (var left = bytes; left > 0; ) {
                zeros.clear().limit(Math.min(left, zeros.capacity()));
                left -= channel.write(zeros);
            }
        } catch (IOException e) {
            Files.deleteIfExists(file);
            throw e;
        }
        return open(file, true);
    }

    static MappedFile open(Path file, boolean writable) throws IOException {
        var arena = Arena.ofShared();
        try (var channel =
                writable
                        ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
                        : FileChannel.open(file, StandardOpenOption.READ)) {
            var mode = writable ? FileChannel.MapMode.READ_WRITE : FileChannel.MapMode.READ_ONLY;
            return new MappedFile(arena, channel.map(mode, 0, channel.size(), arena));
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public void force(long from, long to) {
        memory.asSlice(from, to - from).force();
    }

    @Override
    public void close() {
        arena.close();
    }
}
