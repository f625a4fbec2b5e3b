// SPDX-License-Identifier: GPL-2.0
/*
 * The vmlinux inside of a bzImage: XZ, LZ4 (legacy frames), Zstandard or gzip by
 * their libraries; with the PVH note, which only the inner file has.
 */
#include <lz4.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "../vm.h"

/* Linux ends the payload with the unpacked size, in four bytes. */
static bool unxz(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	uint64_t limit = 256 * MIB;
	size_t in_at = 0, out_at = 0;

	return lzma_stream_buffer_decode(&limit, 0, NULL, in, &in_at, n, out, &out_at, size) == LZMA_OK && out_at == size;
}

/* lz4 -l: magic, then chunks of up to 8 MiB, each after its packed size. */
static bool unlz4(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	size_t at = 4, done = 0;
	uint32_t chunk;
	int got;

	while (done < size && n - at >= 4) {
		memcpy(&chunk, in + at, 4);
		at += 4;
		if (chunk > n - at || chunk > INT32_MAX)
			return false;
		got = LZ4_decompress_safe((const char *)in + at, (char *)out + done, (int)chunk, (int)(size - done));
		if (got <= 0)
			return false;
		done += (size_t)got;
		at += chunk;
	}
	return done == size;
}

static bool unzstd(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	size_t frame = ZSTD_findFrameCompressedSize(in, n);

	return !ZSTD_isError(frame) && ZSTD_decompress(out, size, in, frame) == size;
}

static bool gunzip(const uint8_t *in, size_t n, uint8_t *out, size_t size)
{
	z_stream z = { .next_in = (uint8_t *)(uintptr_t)in, .avail_in = (uInt)n, .next_out = out, .avail_out = (uInt)size };
	bool ok = inflateInit2(&z, 16 + MAX_WBITS) == Z_OK && inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == size;

	inflateEnd(&z);
	return ok;
}

bool payload_extract(const struct image *image, uint8_t **vmlinux, size_t *size, struct problem *p)
{
	static const struct {
		const char *name;
		uint8_t magic[4];
		bool (*unpack)(const uint8_t *in, size_t n, uint8_t *out, size_t size);
	} kinds[] = {
		{ "XZ", { 0xfd, '7', 'z', 'X' }, unxz }, { "LZ4", { 0x02, 0x21, 0x4c, 0x18 }, unlz4 },
		{ "Zstandard", { 0x28, 0xb5, 0x2f, 0xfd }, unzstd }, { "gzip", { 0x1f, 0x8b, 8, 0 }, gunzip },
	};
	size_t start = (size_t)image->setup_size + image->payload_offset, n = image->payload_size;
	const uint8_t *in = image->data + start;
	uint32_t unpacked;
	unsigned int i;

	if (!image->payload_size || n < 8 || start > image->size || n > image->size - start)
		return problem(p, "%s: its payload is not in the file; --boot pvh needs one, --boot 64 does not", image->name);
	memcpy(&unpacked, in + n - 4, 4);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!memcmp(in, kinds[i].magic, kinds[i].magic[3] ? 4 : 3))
			break;
	if (i == ARRAY_SIZE(kinds))
		return problem(p, "%s: its payload is packed in a way not known here (%02x %02x %02x %02x); use --boot 64", image->name,
			       in[0], in[1], in[2], in[3]);
	*size = unpacked;
	*vmlinux = unpacked && unpacked <= PAYLOAD_MAX ? malloc(unpacked) : NULL;
	if (*vmlinux && kinds[i].unpack(in, n - 4, *vmlinux, unpacked))
		return true;
	free(*vmlinux);
	*vmlinux = NULL;
	return problem(p, "%s: its %s payload cannot be unpacked: the file is damaged", image->name, kinds[i].name);
}
