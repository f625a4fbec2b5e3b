// SPDX-License-Identifier: MIT
/*
 * The key of the SSH agent: made here, sealed to this very code, never outside. The
 * message is hashed in here too, so that nobody asks for a signature of a hash whose
 * message he does not have.
 */
#include "agent.h"

#include <underpin/pal.h>
#include <underpin/pal_crypto.h>
#include <underpin/pal_ec.h>
#include <underpin/pal_services.h>

#define ERROR_NO_KEY 126	/* ENOKEY */

static unsigned char key[PAL_P256_PRIVATE];
static volatile bool have_key;

/*
 * A call can be cut off after any instruction (docs/abi.md). The core then lets nobody call agent_sign() until a
 * key was made or loaded; here it is said once more: no signature by a key of which some bytes are another's, or zero.
 */
static void key_changes(void)
{
	have_key = false;
	__asm__ volatile("" : : : "memory");
}

static void key_is_whole(void)
{
	__asm__ volatile("" : : : "memory");
	have_key = true;
}

static void stop(int ret)
{
	pal_wipe(key, sizeof(key));
	pal_exit(-ret);
}

long agent_make(unsigned char blob[AGENT_BLOB], unsigned char point[AGENT_PUBLIC])
{
	int ret;

	key_changes();
	ret = pal_p256_make(key, point);
	if (!ret)
		ret = pal_seal(key, sizeof(key), blob);
	if (ret)
		stop(ret);
	key_is_whole();
	return 0;
}
UNDERPIN_PAL_ENTRY_MENDS(agent_make, PAL_OUT(AGENT_BLOB), PAL_OUT(AGENT_PUBLIC));

long agent_load(const unsigned char blob[AGENT_BLOB], unsigned char point[AGENT_PUBLIC])
{
	size_t size = sizeof(key);
	int ret;

	key_changes();
	ret = pal_unseal(blob, AGENT_BLOB, key, &size);
	if (!ret)
		ret = size == sizeof(key) ? pal_p256_public(key, point) : -22;
	if (ret)
		stop(ret);
	key_is_whole();
	return 0;
}
UNDERPIN_PAL_ENTRY_MENDS(agent_load, PAL_IN(AGENT_BLOB), PAL_OUT(AGENT_PUBLIC));

long agent_sign(const unsigned char *message, long size, unsigned char signature[AGENT_SIGNATURE])
{
	unsigned char hash[PAL_SHA256_SIZE];
	pal_sha256 sha;
	int ret;

	if (!have_key)
		pal_exit(ERROR_NO_KEY);
	if (size < 0 || size > AGENT_MESSAGE)
		pal_exit(90);	/* EMSGSIZE: so much was not copied in */
	pal_sha256_begin(&sha);
	pal_sha256_add(&sha, message, (size_t)size);
	pal_sha256_end(&sha, hash);
	ret = pal_p256_sign(key, hash, signature);
	if (ret)
		pal_exit(-ret);
	return 0;
}
UNDERPIN_PAL_ENTRY(agent_sign, PAL_IN_N(2, AGENT_MESSAGE), PAL_INT, PAL_OUT(AGENT_SIGNATURE));
