"""A search by USPEX: its inputs written, its run called or handed over, its results read. No part of USPEX is here."""
