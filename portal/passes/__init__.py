"""What is printed and scanned: fonts, signed tokens, short codes, QR codes, PDF documents."""
