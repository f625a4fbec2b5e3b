/* SPDX-License-Identifier: MIT */
/* What a service shows as a QR code, as text: a secret in base32, or an otpauth:// URI. */
#ifndef UNDERPIN_OTPAUTH_H
#define UNDERPIN_OTPAUTH_H

#include "totp.h"

/*
 * Fills account. NULL, or what is wrong with the text. Spaces and dashes in a secret do not
 * matter, nor do upper and lower case. The key is not in what it answers.
 */
const char *otpauth_parse(const char *text, struct totp_account *account);

#endif
